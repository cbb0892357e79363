package sinks

import "net"

var SayWho = sayWho

// DatagramPause is the least time between two datagrams.
const DatagramPause = datagramPause

// Paced returns c with the pauses of datagrams.
func Paced(c net.Conn) net.Conn { return &paced{Conn: c} }
