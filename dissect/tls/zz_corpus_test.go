package tls_test
import ("os";"testing";"bufio";"strings";"encoding/hex";"encoding/json";"fmt";"github.com/mailtap/mailtap/dissect")
func TestZZ(t *testing.T){
 f,_:=os.Open(os.Getenv("ZZ")); sc:=bufio.NewScanner(f); sc.Buffer(nil,1<<24)
 m:=map[string][]turn{}; var order []string
 for sc.Scan(){ p:=strings.Split(sc.Text()," "); b,_:=hex.DecodeString(p[2]); side:=dissect.Client; if p[1]=="S"{side=dissect.Server}
  if m[p[0]]==nil{order=append(order,p[0])}
  m[p[0]]=append(m[p[0]],turn{side,b})}
 for _,k:=range order{ facts,ev:=play(m[k],0); j,_:=json.MarshalIndent(facts,"","  "); fmt.Println(k,string(j),ev); sameForAnyCut(t,m[k])}
}
