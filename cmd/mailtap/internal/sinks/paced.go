package sinks

import (
	"net"
	"time"
)

// datagramPause is the least time between two datagrams, so at most 2000 go out
// a second. A receiver has room for about 90 of them where nobody gave it more
// (net.core.rmem_default of Linux), and loses without a word what comes while
// it is busy.
const datagramPause = 500 * time.Microsecond

// paced is a connection whose messages do not come faster than a receiver of
// datagrams can be expected to take them.
type paced struct {
	net.Conn
	next time.Time // before which nothing is sent
}

func (c *paced) Write(message []byte) (int, error) {
	if now := time.Now(); now.Before(c.next) {
		time.Sleep(c.next.Sub(now)) // which takes twice as long, and need not for the next
	} else {
		c.next = now
	}
	c.next = c.next.Add(datagramPause)
	return c.Conn.Write(message)
}
