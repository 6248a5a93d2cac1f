package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"airlift/worker/air/airtest"
)

// terminal opens a pseudo terminal, and returns its two ends.
func terminal(t testing.TB) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	ask := func(what uintptr, n *int32) {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), what, uintptr(unsafe.Pointer(n))); errno != 0 {
			t.Skipf("no pseudo terminal: %v", errno)
		}
	}
	var number, unlocked int32
	ask(syscall.TIOCSPTLCK, &unlocked)
	ask(syscall.TIOCGPTN, &number)
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Skipf("no pseudo terminal: %v", err)
	}
	return screen, tty
}

// ours are the sequences that airlift itself writes to a terminal: colors, and those that clear the line of the bar.
var ours = regexp.MustCompile(`\x1b\[(\d+(;\d+)*)?[mK]|\r`)

// With a bar and colors: those of airlift itself are all that steers a terminal.
func TestOnATerminalOnlyColorsAndTheBarSteer(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Script: func(q airtest.Request) airtest.Fault {
		if isPost(q) {
			return airtest.Fault{Kind: airtest.StatusBefore, Status: 400, Code: "BAD" + lying, Message: lying}
		}
		return airtest.Fault{}
	}})
	m := r.file("m.csv", "bucket,key\narchive,\""+lying+"0.mov\"\narchive,\""+lying+"1.mov\"\narchive,d\xff.mov\n")
	for _, args := range [][]string{{"run", m, "--batch", hostileID}, {"items", hostileID}, {"status"}, {"retry", hostileID, "--code", hostile}, {"run", m + hostile}} {
		screen, tty := terminal(t)
		shown := make(chan string)
		go func() {
			b, _ := io.ReadAll(screen) // it ends with an error when the other end is closed
			shown <- string(b)
		}()
		cmd := r.command(args...)
		cmd.Stdout, cmd.Stderr = tty, tty
		_ = cmd.Run()
		tty.Close()
		text := <-shown
		if args[0] == "run" && len(args) > 2 && !strings.Contains(text, "\x1b[") {
			t.Errorf("%v: it knows no terminal:\n%s", args, text)
		}
		r.steersNothing(args, result{stderr: ours.ReplaceAllString(text, "")})
	}
}
