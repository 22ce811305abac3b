package markdown
import ("testing";"time";"fmt";"os";"sort";"strconv";"runtime";"strings")
func itoa(i int) string { return strconv.Itoa(i) }
func TestMeasure(t *testing.T){
 n:=512<<10
 if s:=os.Getenv("N"); s!="" { n,_=strconv.Atoi(s) }
 var names []string
 for k:=range patho { names=append(names,k) }
 sort.Strings(names)
 for _,k:=range names {
  if o:=os.Getenv("ONLY"); o!="" && o!=k {continue}
  in:=patho[k](n)
  var m0,m1 runtime.MemStats
  runtime.ReadMemStats(&m0)
  s:=time.Now()
  d:=render(in,Options{})
  el:=time.Since(s)
  runtime.ReadMemStats(&m1)
  flag:=""
  if strings.HasPrefix(d.HTML,`<p class="as-typed`) { flag="as typed" }
  if el>100*time.Millisecond || flag!="" || m1.TotalAlloc-m0.TotalAlloc>200<<20 { fmt.Printf("%-28s in %d out %d alloc %dMB %v %s\n",k,len(in),len(d.HTML),(m1.TotalAlloc-m0.TotalAlloc)>>20,el,flag) }
 }
}
