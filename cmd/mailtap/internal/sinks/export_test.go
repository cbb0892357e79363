package sinks

var SayWho = sayWho
