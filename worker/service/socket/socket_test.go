//go:build linux || darwin || freebsd

package socket

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// dir returns a folder whose path leaves room for that of a socket.
func dir(t *testing.T) string {
	t.Helper()
	d, err := os.MkdirTemp("", "al")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(d) })
	return d
}

func listen(t *testing.T, path string) net.Listener {
	t.Helper()
	l, err := Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// echo serves one connection.
func echo(l net.Listener) {
	if c, err := l.Accept(); err == nil {
		_, _ = io.Copy(c, c)
		c.Close()
	}
}

func TestOnlyTheUserCanReachTheSocket(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	path := filepath.Join(dir(t), "q.db.run", "socket")
	l := listen(t, path)
	for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600} {
		info, err := os.Lstat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want && runtime.GOOS == "linux" {
			t.Errorf("%s has mode %o, want %o", name, got, want)
		}
	}
	go echo(l)
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "hello"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello" {
		t.Errorf("got %q, %v", b, err)
	}
	l.Close()
	if _, err := os.Lstat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Errorf("after Close the folder is still there: %v", err)
	}
}

func TestAStaleSocketIsReplacedAndALiveOneNever(t *testing.T) {
	path := filepath.Join(dir(t), "q.db.run", "socket")
	first := listen(t, path)
	if _, err := Listen(path); err == nil || !strings.Contains(err.Error(), "another process listens") {
		t.Errorf("beside a live one: got %v", err)
	}
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatalf("the live one was taken away: %v", err)
	}
	c.Close()
	// A killed process leaves the file.
	first.(listener).Listener.(*net.UnixListener).SetUnlinkOnClose(false)
	first.(listener).Listener.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Fatal(err)
	}
	go echo(listen(t, path))
	if c, err = Dial(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestWhatIsNoSocketStays(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		"a file in the folder's place": func(path string) error { return os.WriteFile(filepath.Dir(path), nil, 0o600) },
		"a link in the folder's place": func(path string) error { return os.Symlink(os.TempDir(), filepath.Dir(path)) },
		"an open folder": func(path string) error {
			return errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.Chmod(filepath.Dir(path), 0o750))
		},
		"a file in the socket's place": func(path string) error {
			return errors.Join(os.Mkdir(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir(t), "q.db.run", "socket")
			if err := plant(path); err != nil {
				t.Fatal(err)
			}
			if l, err := Listen(path); err == nil {
				l.Close()
				t.Error("it listens there")
			} else if !strings.Contains(err.Error(), "remove it") {
				t.Errorf("the error does not say what to do: %v", err)
			}
			if _, err := os.Lstat(filepath.Dir(path)); err != nil {
				t.Errorf("it was removed: %v", err)
			}
		})
	}
}

// A process of another user that gets to the socket all the same is not served.
func TestAnotherUserIsNotServed(t *testing.T) {
	if path := os.Getenv("AIRLIFT_TEST_SOCKET"); path != "" {
		c, err := net.Dial("unix", path)
		if err == nil {
			_, err = io.WriteString(c, "hello")
			if err == nil {
				_, err = io.ReadFull(c, make([]byte, 5))
			}
		}
		os.Stdout.WriteString("the answer: " + errorText(err))
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	d := dir(t)
	path := filepath.Join(d, "run", "socket")
	l := listen(t, path)
	go echo(l)
	for _, open := range []string{d, filepath.Dir(path), path} {
		if err := os.Chmod(open, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	test, err := os.ReadFile(os.Args[0])
	if err == nil {
		err = os.WriteFile(filepath.Join(d, "test"), test, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(filepath.Join(d, "test"), "-test.run", "^TestAnotherUserIsNotServed$")
	cmd.Dir, cmd.Env = d, []string{"AIRLIFT_TEST_SOCKET=" + path, "TMPDIR=" + d, "GORACE=atexit_sleep_ms=0"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "the answer: ") || strings.Contains(string(out), "the answer: none") {
		t.Errorf("got %v: %s", err, out)
	}
}

func errorText(err error) string {
	if err == nil {
		return "none"
	}
	return err.Error()
}

func TestPlace(t *testing.T) {
	long := "/" + strings.Repeat("long/", 20) + "q.db"
	for _, c := range []struct{ queue, runtime, want string }{
		{"/var/q.db", "", "/var/q.db.run/socket"},
		{"/var/q.db", "/run/user/0", "/var/q.db.run/socket"},
		{long, "/run/user/0", "/run/user/0/airlift-"},
		{long, "", ""},
		{long, long, ""},
	} {
		got, err := Place(c.queue, c.runtime)
		if !strings.HasPrefix(got, c.want) || (c.want == "") != (err != nil) {
			t.Errorf("Place(%q, %q): got %q, %v, want %q", c.queue, c.runtime, got, err, c.want)
		}
	}
	a, _ := Place(long, "/run")
	b, _ := Place(long+"2", "/run")
	if a == b {
		t.Error("two queues have one socket")
	}
}

func TestDialGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Dial(ctx, filepath.Join(dir(t), "none")); err == nil {
		t.Error("got no error")
	}
}
