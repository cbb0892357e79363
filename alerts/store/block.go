package store

import (
	"database/sql"
	"encoding/binary"
	"math/bits"

	"github.com/klauspost/compress/s2"

	"github.com/mailtap/mailtap/alerts"
	"github.com/mailtap/mailtap/alerts/store/record"
)

// Bounds of a block. Sessions that end together look alike: 64 compress to less
// than half of what they take alone, and whoever reads one unpacks them all.
const (
	blockSessions = 64
	blockBytes    = 64 << 10 // from which on a block is full

	maxBlock = blockBytes + record.MaxSize + binary.MaxVarintLen64
)

// block collects records, and what lists need of them.
type block struct {
	id         int64 // blocks.id
	count      int64
	raw        []byte
	compressed []byte
	contents   contents
}

func (b *block) full() bool { return isFull(b.count, len(b.raw)) }

func isFull(count int64, bytes int) bool { return count == blockSessions || bytes >= blockBytes }

// bodies appends the numbers of the sessions [from, to) of a batch, as they are
// when all are added next: where a block is full, the next one begins.
func (b *block) bodies(list []int64, from *batch, i, to int) []int64 {
	id, count, size := b.id, b.count, len(b.raw)
	for ; i < to; i++ {
		list = append(list, id*blockSessions+count)
		n := len(from.record(i))
		count, size = count+1, size+uvarintLen(n)+n
		if isFull(count, size) {
			id, count, size = id+1, 0, 0
		}
	}
	return list
}

func uvarintLen(n int) int { return (bits.Len(uint(n)|1) + 6) / 7 }

// body is the number of the session that is added next.
func (b *block) body() int64 { return b.id*blockSessions + b.count }

func (b *block) add(record []byte) {
	b.raw = binary.AppendUvarint(b.raw, uint64(len(record)))
	b.raw = append(b.raw, record...)
	b.count++
}

// start begins an empty block.
func (b *block) start(id int64) {
	b.id, b.count, b.raw = id, 0, b.raw[:0]
	b.contents.start()
	if cap(b.raw) > 2*blockBytes {
		b.raw, b.compressed = nil, nil // a huge session was in it
	}
}

const addBlockSQL = `INSERT INTO blocks (id, records) VALUES (?, ?)`

const addContentsSQL = `INSERT INTO contents (block, oldest, newest, entries) VALUES (?, ?, ?, ?)`

// writeBlock writes the records collected.
func (db *database) writeBlock() error {
	b := &db.block
	if b.count == 0 {
		return nil
	}
	b.compressed = s2.Encode(b.compressed[:cap(b.compressed)], b.raw)
	if _, err := db.addBlock.exec(b.id, b.compressed); err != nil {
		return err
	}
	entries := b.contents.bytes()
	if _, err := db.addContents.exec(b.id, b.contents.oldest, b.contents.newest, entries); err != nil {
		return err
	}
	db.logged += len(b.compressed) + len(entries)
	db.unfolded += len(b.contents.kases)
	b.start(b.id + 1)
	return nil
}

const findBlockSQL = `SELECT records FROM blocks WHERE id = ?`

// bodyReader reads sessions. It keeps the last block: sessions that are read
// together were often written together.
type bodyReader struct {
	tx    *sql.Tx
	id    int64 // of the block; 0: none
	block []byte
}

// read returns a session, its findings and the bytes of its record.
func (r *bodyReader) read(body int64) (alerts.Session, []alerts.Finding, int, error) {
	if err := r.load(body / blockSessions); err != nil {
		return alerts.Session{}, nil, 0, err
	}
	b, ok := recordAt(r.block, body%blockSessions)
	if !ok {
		return alerts.Session{}, nil, 0, errDamaged
	}
	s, findings, err := record.Decode(b)
	return s, findings, len(b), err
}

func (r *bodyReader) load(id int64) error {
	if id == r.id {
		return nil
	}
	rows, err := r.tx.Query(findBlockSQL, id)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return errDamaged
	}
	var compressed sql.RawBytes
	if err := rows.Scan(&compressed); err != nil {
		return err
	}
	r.id = 0 // the block is lost if this fails
	if r.block, err = unpack(r.block, compressed); err != nil {
		return err
	}
	r.id = id
	return nil
}

// unpack returns the records of a block, in the memory of dst if it has room.
func unpack(dst, compressed []byte) ([]byte, error) {
	if n, err := s2.DecodedLen(compressed); err != nil || n > maxBlock {
		return nil, errDamaged
	}
	raw, err := s2.Decode(dst[:cap(dst)], compressed)
	if err != nil {
		return nil, errDamaged
	}
	return raw, nil
}

// recordAt returns the n-th record of a block.
func recordAt(block []byte, n int64) ([]byte, bool) {
	for ; n > 0; n-- {
		var ok bool
		if _, block, ok = nextRecord(block); !ok {
			return nil, false
		}
	}
	record, _, ok := nextRecord(block)
	return record, ok
}

// nextRecord returns the first record and those behind it.
func nextRecord(block []byte) (record, rest []byte, ok bool) {
	size, w := binary.Uvarint(block)
	if w <= 0 || size > uint64(len(block)-w) {
		return nil, nil, false
	}
	end := w + int(size)
	return block[w:end], block[end:], true
}
