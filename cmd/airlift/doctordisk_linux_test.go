package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"airlift/cmd/airlift/doctor"
	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// A folder that is full, read-only, in memory or another user's: doctor says so, and leaves nothing there; init writes nothing.
func TestDoctorAndInitOnABadDisk(t *testing.T) {
	t.Parallel()
	dir := tmpfs(t, "2m")
	r, _, m := healthy(t, airtest.Config{})
	r.setenv("AIRLIFT_QUEUE", filepath.Join(dir, "queue.db"))
	config := filepath.Join(dir, "c.toml")
	wants := func(check string, result doctor.Result, says string) {
		t.Helper()
		f := r.examined(exit.Usage, m)[check]
		if f.Result != result {
			t.Errorf("%s: got %+v, want %s", check, f, result)
		}
		r.run("doctor", m).says(t, says)
	}
	setup := []string{"init", "--yes", "--force", "--config", config, "--profile", "-"}
	if err := os.WriteFile(config, []byte("rate = \"3/s\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wants("folder", doctor.NotOK, "after a reboot the queue is gone")
	ballast := filepath.Join(dir, "ballast")
	_ = os.WriteFile(ballast, make([]byte, 4<<20), 0o600) // as much as there is room for
	wants("folder", doctor.NotOK, "no space left on device")
	wants("disk space", doctor.NotOK, "as good as nothing")
	r.run(setup...).want(t, exit.Unexpected).says(t, "no space left on device", "nothing was written", "--config")
	if b, _ := os.ReadFile(config); string(b) != "rate = \"3/s\"\n" {
		t.Errorf("the config file has %q", b)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skipf("this needs the right to mount a file system again: %v", err)
	}
	wants("folder", doctor.NotOK, "read-only")
	r.run(setup...).want(t, exit.Unexpected).says(t, "read-only file system", "nothing was written")
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left in the folder: %v, %v", entries, err)
	}
}

// Another user may neither write beside the queue nor the config file.
func TestDoctorAndInitWithoutRights(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	open := r.openToOthers()
	r.setenv("XDG_RUNTIME_DIR", "")
	if err := os.Chmod(open, 0o555); err != nil {
		t.Fatal(err)
	}
	r.asNobody("doctor", "--destination-bucket", "").want(t, exit.Usage).says(t, "not ok       folder", "permission denied", "give this user the right to write there")
	r.asNobody("init", "--yes").want(t, exit.Unexpected).says(t, "permission denied", "nothing was written", "--config")
	if left, _ := os.ReadDir(open); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
