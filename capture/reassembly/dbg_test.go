package reassembly_test
import ("testing";"math/rand/v2";"os";"strconv";"github.com/mailtap/mailtap/capture/reassembly";"fmt")
type prt struct{ forget }
func (prt) Open(f *reassembly.Flow) { fmt.Println("   OPEN") }
func (prt) Data(f *reassembly.Flow, d reassembly.Direction, off uint64, b []byte) { fmt.Println("   DATA",d,off,len(b),string(b[:1])) }
func (prt) Gap(f *reassembly.Flow, d reassembly.Direction, off,n uint64) { fmt.Println("   GAP",d,off,n) }
func (prt) Close(f *reassembly.Flow) { fmt.Println("   CLOSE",f.Flags()) }
func TestDbg(t *testing.T){
	seed,_:=strconv.Atoi(os.Getenv("SEED"))
	r := rand.New(rand.NewPCG(uint64(seed), 5))
	k := newTalk(r, impair{})
	table := reassembly.New(reassembly.Limits{}, prt{})
	calm := len(k.segments) * 3 / 4
	b:=[2]uint32{k.segments[0].Seq,k.segments[1].Seq}
	for i, s := range k.segments {
		d:=0; if s.SrcPort==25 {d=1}
		s.Time += int64(i) * 2e8
		fmt.Printf("%d %d seq=%d ack=%d len=%d fl=%x t=%d\n", i,d,int32(s.Seq-b[d]),int32(s.Ack-b[1-d]),len(s.Payload),s.Flags,(s.Time-1e18)/1e6)
		table.Add(&s)
		if i < calm && r.IntN(4) == 0 {
			f := forged(r, s)
		fmt.Printf("  FORGED %d seq=%d ack=%d len=%d fl=%x\n", d,int32(f.Seq-b[d]),int32(f.Ack-b[1-d]),len(f.Payload),f.Flags)
			table.Add(&f)
		}
	}
	table.Flush()
}
