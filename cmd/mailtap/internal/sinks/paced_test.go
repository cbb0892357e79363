package sinks_test

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailtap/mailtap/cmd/mailtap/internal/sinks"
)

// taker is a connection that takes everything at once, and notes when.
type taker struct {
	net.Conn
	at []time.Time
}

func (c *taker) Write(b []byte) (int, error) {
	c.at = append(c.at, time.Now())
	return len(b), nil
}

// Datagrams that come together are sent one after another; one that comes alone
// does not wait.
func TestDatagramsArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to := &taker{}
		c := sinks.Paced(to)
		send := func() {
			if _, err := c.Write([]byte("finding")); err != nil {
				t.Fatal(err)
			}
		}
		const together = 100
		for range together {
			send()
		}
		for i := range together - 1 {
			if pause := to.at[i+1].Sub(to.at[i]); pause < sinks.DatagramPause {
				t.Errorf("message %d comes %v after the one before", i+1, pause)
			}
		}
		time.Sleep(time.Second)
		alone := time.Now()
		send()
		if waited := to.at[together].Sub(alone); waited != 0 {
			t.Errorf("a message that comes alone waits %v", waited)
		}
	})
}
