package smtp_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect/internal/dialogue"
	"github.com/mailtap/mailtap/dissect/smtp"
)

func TestLayer(t *testing.T) {
	dialogue.Layers(t, func(late bool) dialogue.Machine { return smtp.New([2]uint64{}, late) }, dialogue.LayerWords{
		Greeting: "220 mx.example ESMTP\r\n", LogIn: "AUTH GSS-SPNEGO eA==\r\n",
		Accepted: "235 2.7.0 done\r\n", Refused: "535 5.7.8 no\r\n", Again: "AUTH PLAIN AGpvZQBodW50ZXIyMg==\r\n",
	})
}
