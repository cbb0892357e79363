package traffic

import (
	"encoding/binary"
	"net/netip"
)

// side is one end of a connection.
type side int

const (
	client side = iota
	server
)

func (s side) other() side { return s ^ 1 }

// stage is what a connection does next.
type stage uint8

const (
	idle      stage = iota // there is none
	opens                  // the client's SYN
	accepts                // the server's SYN
	confirms               // the client's ACK
	talks                  // the turns
	closes                 // the server's FIN
	follows                // the client's FIN
	finishing              // the server's last ACK
)

// turn is what one side says. Turns of the same side in a row are one stream.
type turn struct {
	side side
	data []byte // in flow.text or in one of the pools
}

// exchange is a log-in attempt and the bytes of each side that it took.
type exchange struct {
	Credential
	from, to [2]int // stream offsets: [from, to)
}

// flow is one connection. Its whole conversation is laid out when it begins;
// long contents are slices of the shared pools, so that a flow stays small. The
// struct and its buffers are used again for the next connection.
type flow struct {
	stage   stage
	host    int // of the client
	ends    [2]netip.AddrPort
	heads   [2][]byte // headers of each side's packets, see appendHead
	initial [2]uint32 // initial sequence numbers
	next    [2]uint32 // next sequence number of each side
	id      [2]uint16
	mss     int
	unacked int // segments since the receiver's last ACK

	mail    bool
	planned [2]int // stream bytes laid out
	turns   []turn
	said    int // turns that are over
	taken   int // bytes of the current turn that were sent
	text    []byte
	logins  []exchange

	fault *fault // nil: the capture is perfect
}

// reset prepares f for the connection between two ends.
func (f *flow) reset(from, to netip.AddrPort, initial [2]uint32) {
	f.stage = opens
	f.ends = [2]netip.AddrPort{from, to}
	f.heads[client] = appendHead(f.heads[client][:0], from, to, protocolTCP)
	f.heads[server] = appendHead(f.heads[server][:0], to, from, protocolTCP)
	for s := range f.heads {
		f.heads[s] = append(f.heads[s], make([]byte, tcpLen-4)...)
	}
	f.initial, f.next = initial, initial
	f.id = [2]uint16{uint16(initial[0]), uint16(initial[1])}
	f.mss = mtu - ipLen(f.heads[client]) - tcpLen
	f.unacked, f.said, f.taken = 0, 0, 0
	f.mail = false
	f.planned = [2]int{}
	f.turns, f.text, f.logins = f.turns[:0], f.text[:0], f.logins[:0]
	if f.fault != nil {
		f.fault.previous = [2][]byte{f.fault.previous[client][:0], f.fault.previous[server][:0]}
	}
}

// say adds words to what s says.
func (f *flow) say(s side, words ...string) {
	at := len(f.text)
	f.write(words)
	f.send(s, f.text[at:])
}

// line adds a line of words.
func (f *flow) line(s side, words ...string) {
	at := len(f.text)
	f.write(words)
	f.text = append(f.text, "\r\n"...)
	f.send(s, f.text[at:])
}

func (f *flow) write(words []string) {
	for _, w := range words {
		f.text = append(f.text, w...)
	}
}

// send adds data, which must stay as it is until the flow ends.
func (f *flow) send(s side, data []byte) {
	f.turns = append(f.turns, turn{s, data})
	f.planned[s] += len(data)
}

// attempted ends the exchange that began when from was planned.
func (f *flow) attempted(from [2]int, c Credential) {
	f.logins = append(f.logins, exchange{c, from, f.planned})
}

// speaker tells whose turn it is. It is false when all is said.
func (f *flow) speaker() (side, bool) {
	if f.said == len(f.turns) {
		return 0, false
	}
	return f.turns[f.said].side, true
}

// appendPayload appends the next segment's worth of what s says.
func (f *flow) appendPayload(b []byte, s side) []byte {
	for left := f.mss; left > 0 && f.said < len(f.turns) && f.turns[f.said].side == s; {
		data := f.turns[f.said].data[f.taken:]
		n := min(left, len(data))
		b = append(b, data[:n]...)
		left -= n
		f.taken += n
		if n == len(data) {
			f.said++
			f.taken = 0
		}
	}
	return b
}

// sealTCP completes a frame of s that begins with f's head.
func (f *flow) sealTCP(frame []byte, s side, seq uint32, flags byte) {
	h := frame[len(f.heads[s])-tcpLen:]
	offset := tcpLen
	if flags&synFlag != 0 {
		offset += len(synOptions)
	}
	binary.BigEndian.PutUint32(h[4:], seq)
	if flags&ackFlag != 0 {
		binary.BigEndian.PutUint32(h[8:], f.next[s.other()])
	}
	h[12], h[13] = byte(offset/4<<4), flags
	binary.BigEndian.PutUint16(h[14:], windowSize)
	f.id[s]++
	seal(frame, f.id[s])
}

// size estimates what the flow will take in the file.
func (f *flow) size() int64 {
	const handshakes = 7
	const headers = recordHeaderLen + minFrame
	payload := f.planned[client] + f.planned[server]
	changes := 0
	for i := 1; i < len(f.turns); i++ {
		if f.turns[i].side != f.turns[i-1].side {
			changes++
		}
	}
	segments := payload/f.mss + changes
	return int64(payload + (segments+payload/f.mss/ackEvery+handshakes)*headers)
}
