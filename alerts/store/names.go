package store

import (
	"database/sql/driver"
	"net/netip"
	"strings"

	"github.com/mailtap/mailtap/alerts"
)

// maxNames and maxCases bound how many rows of names and cases the writer
// remembers: twice as many.
const (
	maxNames = 8 << 10
	maxCases = 16 << 10
)

// memory remembers what was used last. What is asked for moves to the younger
// map; when that is full, the older one is forgotten.
type memory[K comparable] struct {
	young, old map[K]int64
	size       int // of either
}

func newMemory[K comparable](size int) memory[K] {
	return memory[K]{young: make(map[K]int64), old: make(map[K]int64), size: size}
}

func (m *memory[K]) set(k K, id int64) {
	if len(m.young) == m.size {
		m.young, m.old = m.old, m.young
		clear(m.young)
	}
	m.young[k] = id
}

func (m *memory[K]) get(k K) (int64, bool) {
	if id, ok := m.young[k]; ok {
		return id, true
	}
	id, ok := m.old[k]
	if ok {
		m.set(k, id)
	}
	return id, ok
}

func (m *memory[K]) drop(k K) {
	delete(m.young, k)
	delete(m.old, k)
}

// names numbers texts. New ones wait to be written with the batch.
type names struct {
	memory memory[string]
	next   int64    // names.id of the next new one
	fresh  []string // not yet written; the last has the number next-1
}

// id returns the number of a text.
func (n *names) id(text []byte) int64 {
	if id, ok := n.memory.get(string(text)); ok {
		return id
	}
	s := string(text)
	id := n.next
	n.next++
	n.fresh = append(n.fresh, s)
	n.memory.set(s, id)
	return id
}

// undo takes back the numbers that were given since there were mark new ones.
func (n *names) undo(mark int) {
	for _, s := range n.fresh[mark:] {
		n.memory.drop(s)
	}
	n.next -= int64(len(n.fresh) - mark)
	n.fresh = n.fresh[:mark]
}

// client numbers a client: without its port, which changes all the time.
func (n *names) client(client netip.AddrPort) int64 {
	var buf [64]byte
	return n.id(client.Addr().AppendTo(buf[:0]))
}

func (n *names) server(server netip.AddrPort) int64 {
	var buf [64]byte
	return n.id(server.AppendTo(buf[:0]))
}

// account numbers the account of f, nil where it has none.
func (n *names) account(f *alerts.Finding) driver.Value {
	if !f.HasAccount {
		return nil
	}
	return n.id([]byte(f.Account))
}

// rowsAtOnce is how many rows of names or findings one statement adds: a
// statement costs more than most of its rows.
const rowsAtOnce = 8

// moreRows repeats the values of an INSERT of one row.
func moreRows(insert string) string {
	values := insert[strings.LastIndexByte(insert, '('):]
	return insert + strings.Repeat(", "+values, rowsAtOnce-1)
}

const addNameSQL = `INSERT INTO names (id, text) VALUES (?, ?)`

// writeNames writes the new names.
func (db *database) writeNames() error {
	n := &db.names
	id := n.next - int64(len(n.fresh))
	rows := db.addName.rows(&db.addNames)
	for _, text := range n.fresh {
		if err := rows.add(id, text); err != nil {
			return err
		}
		id++
	}
	clear(n.fresh)
	n.fresh = n.fresh[:0]
	return rows.flush()
}
