package reassembly

// minBuckets is how many a Table begins with. They double where connections would
// be more than half as many.
const minBuckets = 1 << 10

func (t *Table) bucket(hash uint32) **Flow { return &t.buckets[hash&uint32(len(t.buckets)-1)] }

func (t *Table) find(a *address) *Flow {
	for f := *t.bucket(a.hash); f != nil; f = f.chain {
		if f.hash == a.hash && f.key.equal(&a.key) {
			return f
		}
	}
	return nil
}

func (t *Table) insert(f *Flow) {
	if 2*t.n == len(t.buckets) {
		t.grow()
	}
	b := t.bucket(f.hash)
	f.chain, *b = *b, f
	t.n++
}

func (t *Table) grow() {
	old := t.buckets
	t.buckets = make([]*Flow, 2*len(old))
	for _, f := range old {
		for f != nil {
			next := f.chain
			b := t.bucket(f.hash)
			f.chain, *b = *b, f
			f = next
		}
	}
}

// remove forgets a connection that is finished.
func (t *Table) remove(f *Flow) {
	t.pull(f)
	t.strike(f)
	for b := t.bucket(f.hash); ; b = &(*b).chain {
		if *b == f {
			*b = f.chain
			break
		}
	}
	t.n--
	*f = Flow{}
	if len(t.flows) < maxSpare {
		t.flows = append(t.flows, f)
	}
}
