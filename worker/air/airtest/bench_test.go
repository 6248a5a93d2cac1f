package airtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"airlift/worker/air"
	"airlift/worker/air/airtest"
)

// BenchmarkPost is what the server takes from 64 clients over loopback, by the
// client of package air and by a bare net/http one.
func BenchmarkPost(b *testing.B) {
	b.Run("air", func(b *testing.B) {
		client := overSocket(b, airtest.NewServer(airtest.Config{}), air.Config{Connections: 64})
		inParallel(b, func(i int) {
			if out := client.Submit(context.Background(), job(i)); out.JobID == "" {
				b.Errorf("got %+v", out)
			}
		})
	})
	b.Run("bare", func(b *testing.B) {
		url := airtest.NewServer(airtest.Config{}).Start(b)
		transport := &http.Transport{MaxConnsPerHost: 64, MaxIdleConnsPerHost: 64}
		b.Cleanup(transport.CloseIdleConnections)
		client := &http.Client{Transport: transport}
		inParallel(b, func(i int) {
			body, _ := json.Marshal(job(i))
			req, _ := http.NewRequest(http.MethodPost, url+"/jobs", strings.NewReader(string(body)))
			req.Header.Set("X-Amz-Access-Key", "access")
			req.Header.Set("X-Amz-Secret-Key", "secret")
			resp, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		})
	})
}

func inParallel(b *testing.B, f func(i int)) {
	var n atomic.Int64
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			f(int(n.Add(1)))
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
}

// BenchmarkMemory reports the bytes that a job costs the server.
func BenchmarkMemory(b *testing.B) {
	srv := airtest.NewServer(airtest.Config{})
	client := inProcess(b, srv, air.Config{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	mustSubmit(b, client, 0, b.N)
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(b.N), "B/job")
	runtime.KeepAlive(srv)
}
