package metrics

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/mailtap/mailtap/alerts/export"
)

// stalled is how long the engine may take no packet and not be told the time
// before the sensor counts as stuck. On an idle link it is told several times
// a second.
const stalled = 10 * time.Second

// health answers 200 "ok" while packets can be read and results stored, else
// 503 and why not, in one line.
func health(snapshot func() Snapshot) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		s := snapshot()
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		troubles := s.troubles(time.Now())
		if len(troubles) == 0 {
			io.WriteString(w, "ok\n")
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, export.Clean(strings.Join(troubles, "; ")))
	}
}

// troubles lists what keeps the sensor from its work.
func (s *Snapshot) troubles(now time.Time) (list []string) {
	for _, d := range s.Devices {
		if d.Err != "" {
			list = append(list, fmt.Sprintf("device %s is gone: %s", d.Name, d.Err))
		}
	}
	if s.StoreErr != "" {
		list = append(list, "results cannot be stored: "+s.StoreErr)
	}
	switch idle := now.Sub(s.Moved); {
	case s.Moved.IsZero():
		list = append(list, "the capture has not begun")
	case idle > stalled:
		list = append(list, fmt.Sprintf("no packet was taken for %d seconds", int(idle.Seconds())))
	}
	return list
}
