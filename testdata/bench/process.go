package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// airliftCommand is the built binary with all settings that a run needs, and nothing of this user's.
func (b *bench) airliftCommand(ctx context.Context, db, url string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.airlift, arguments...)
	cmd.Env = []string{
		"HOME=" + b.dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + b.dir, "WASABI_ACCESS_KEY=access", "WASABI_SECRET_KEY=secret",
		"AIRLIFT_QUEUE=" + db, "AIRLIFT_AIR_URL=" + url, "AIRLIFT_SERVICES=ocr,s2t", "AIRLIFT_DESTINATION_BUCKET=results",
		"AIRLIFT_DESTINATION_REGION=eu-central-1", "AIRLIFT_RATE=unlimited", "AIRLIFT_WORKERS=64", "AIRLIFT_LOG_LEVEL=error",
	}
	return cmd
}

// enqueued enqueues a manifest of n rows by the built binary, and makes sure that every row became an item.
func (b *bench) enqueued(ctx context.Context, db, manifest string, n int) (ran, error) {
	r, err := b.airliftRun(ctx, db, "", false, "enqueue", manifest, "--batch", batchID)
	if err != nil {
		return r, err
	}
	status, err := b.airliftRun(ctx, db, "", true, "status", batchID, "--json")
	if err != nil {
		return r, err
	}
	var all []struct{ Rows, Items int }
	if err := json.Unmarshal(status.out, &all); err != nil || len(all) != 1 {
		return r, fmt.Errorf("status --json: %d batches: %v", len(all), err)
	}
	counts := all[0]
	if counts.Rows != n || counts.Items != n {
		return r, fmt.Errorf("a manifest of %d rows gave %d rows and %d items", n, counts.Rows, counts.Items)
	}
	return r, nil
}

// ran is what a command cost.
type ran struct {
	took time.Duration
	cpu  time.Duration
	peak int64 // of its anonymous memory, in bytes, looked at every few milliseconds
	out  []byte
}

// airliftRun runs the built binary to its end; its standard output is kept only if it is wanted.
func (b *bench) airliftRun(ctx context.Context, db, url string, keep bool, arguments ...string) (ran, error) {
	cmd := b.airliftCommand(ctx, db, url, arguments...)
	var out, problems bytes.Buffer
	cmd.Stderr = &problems
	if keep {
		cmd.Stdout = &out
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return ran{}, err
	}
	ended := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- peakMemory(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	r := ran{took: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), out: out.Bytes()}
	close(ended)
	r.peak = <-peak
	if err != nil {
		return r, fmt.Errorf("airlift %v: %w\n%s", arguments, err, problems.String())
	}
	return r, nil
}

// peakMemory looks at a process's anonymous memory until it ends.
func peakMemory(pid int, ended <-chan struct{}) int64 {
	most := int64(0)
	for path := fmt.Sprintf("/proc/%d/status", pid); ; {
		most = max(most, procNumber(path, "RssAnon:")<<10)
		select {
		case <-ended:
			return most
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// evict drops a file from the page cache, and makes sure that it is gone.
func evict(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // what is not written yet cannot be dropped
		return err
	}
	if err := unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return err
	}
	left, err := cached(f)
	if err == nil && left > 0.01 {
		err = fmt.Errorf("%.0f %% of %s stay in the page cache", left*100, path)
	}
	return err
}

// cached is the share of a file that is in the page cache.
func cached(f *os.File) (float64, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil || size == 0 {
		return 0, err
	}
	view, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_NONE, unix.MAP_SHARED)
	if err != nil {
		return 0, err
	}
	pages := make([]byte, (int(size)+os.Getpagesize()-1)/os.Getpagesize())
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&view[0])), uintptr(size), uintptr(unsafe.Pointer(&pages[0])))
	err = unix.Munmap(view)
	if errno != 0 {
		err = errors.Join(errno, err)
	}
	n := 0
	for _, p := range pages {
		n += int(p & 1)
	}
	return float64(n) / float64(len(pages)), err
}
