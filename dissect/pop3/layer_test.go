package pop3_test

import (
	"testing"

	"github.com/mailtap/mailtap/dissect/internal/dialogue"
)

func TestLayer(t *testing.T) {
	dialogue.Layers(t, newSession, dialogue.LayerWords{
		Greeting: "+OK\r\n", LogIn: "AUTH GSS-SPNEGO eA==\r\n",
		Accepted: "+OK\r\n", Refused: "-ERR\r\n", Again: "AUTH PLAIN AGpvZQBodW50ZXIyMg==\r\n",
	})
}

func TestHurtLayers(t *testing.T) { dialogue.HurtFrames(t, "testdata", newSession) }
