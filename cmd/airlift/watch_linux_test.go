package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"

	"airlift/cmd/airlift/exit"
	"airlift/worker/air/airtest"
)

// onTerminal is a command on a terminal of its own.
type onTerminal struct {
	r      *rig
	cmd    *exec.Cmd
	master *os.File
	tty    *os.File
	before unix.Termios
	out    output
	copied chan struct{}
}

// startOnTerminal starts a command on a terminal of 80 by 24 cells.
func (r *rig) startOnTerminal(args ...string) *onTerminal {
	r.t.Helper()
	master, tty := terminal(r.t)
	p := &onTerminal{r: r, cmd: r.command(args...), master: master, tty: tty, copied: make(chan struct{})}
	p.resize(80, 24)
	p.before = p.modes()
	p.cmd.Env = append(p.cmd.Env, "TERM=xterm-256color")
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = tty, tty, tty
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	go func() {
		defer close(p.copied)
		b := make([]byte, 1<<16)
		for {
			n, err := master.Read(b)
			_, _ = p.out.Write(b[:n])
			if err != nil {
				return
			}
		}
	}()
	r.t.Cleanup(func() {
		if p.cmd.ProcessState == nil {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
		}
		_ = tty.Close()
		_ = master.Close()
		<-p.copied
	})
	return p
}

func (p *onTerminal) resize(width, height uint16) {
	p.r.t.Helper()
	if err := unix.IoctlSetWinsize(int(p.master.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}); err != nil {
		p.r.t.Fatal(err)
	}
}

func (p *onTerminal) modes() unix.Termios {
	p.r.t.Helper()
	modes, err := unix.IoctlGetTermios(int(p.tty.Fd()), unix.TCGETS)
	if err != nil {
		p.r.t.Fatal(err)
	}
	return *modes
}

// sent returns all that the terminal was sent, once that has a text.
func (p *onTerminal) sent(text string) string {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline) && !strings.Contains(p.out.String(), text); {
		time.Sleep(20 * time.Millisecond)
	}
	return p.out.String()
}

// shows waits until the terminal was sent a text after from bytes, colors aside, and returns how many it was sent.
func (p *onTerminal) shows(text string, from int) int {
	p.r.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if sent := p.out.String(); strings.Contains(ansi.Strip(sent[from:]), text) {
			return len(sent)
		}
	}
	p.r.t.Fatalf("the terminal was not sent %q, but\n%q", text, ansi.Strip(p.out.String()[from:]))
	return 0
}

// ends waits for the end, and checks that the terminal is as it was before.
func (p *onTerminal) ends(code int) {
	p.r.t.Helper()
	stuck := time.AfterFunc(patience, func() { _ = p.cmd.Process.Signal(syscall.SIGQUIT) })
	_ = p.cmd.Wait() // the code says it
	stuck.Stop()
	if got := p.cmd.ProcessState.ExitCode(); got != code {
		p.r.t.Errorf("exit code %d, want %d\n%s", got, code, p.out.String())
	}
	if got := p.modes(); got != p.before {
		p.r.t.Errorf("the modes of the terminal are %+v, and were %+v before", got, p.before)
	}
}

// awaitSubmitted starts a run that waits for the answer to the 6th POST.
func (h *held) run(r *rig, m string, args ...string) *process {
	p := r.start(append([]string{"run", m, "--workers", "1"}, args...)...)
	await(r.t, h.posts.reached(6), "the run to be at work")
	return p
}

// watch draws the whole screen, follows its size, and leaves the terminal as it was, whatever ends it.
func TestWatchOnATerminal(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(6))
	m := r.file("night.csv", "bucket,key\n"+strings.Repeat("archive,\x1b]0;title\a.mov\n", 1)+"a,1.mov\na,2.mov\na,3.mov\na,4.mov\na,5.mov\na,6.mov\na,映像.mov\n")
	run := h.run(r, m)
	for name, end := range map[string]func(*onTerminal){
		"q":      func(p *onTerminal) { _, _ = p.master.WriteString("q") },
		"Ctrl-C": func(p *onTerminal) { _, _ = p.master.WriteString("\x03") },
		"a signal": func(p *onTerminal) {
			_ = p.cmd.Process.Signal(syscall.SIGTERM)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := r.startOnTerminal("watch")
			p.r = &rig{t: t}
			at := p.shows("62%  5 of 8", 0)
			p.shows("q or Ctrl-C ends this view", 0)
			p.resize(40, 20)
			p.shows("62%  5 of 8", at)
			end(p)
			p.ends(exit.OK)
			if all := p.sent("\x1b[?1049l"); !strings.Contains(all, "\x1b[?1049h") || strings.LastIndex(all, "\x1b[?1049l") < strings.LastIndex(all, "\x1b[?1049h") ||
				strings.LastIndex(all, "\x1b[?25h") < strings.LastIndex(all, "\x1b[?25l") || strings.Contains(all, "]0;title\a") {
				t.Errorf("the screen or the cursor is not given back, or a key is no text: %q", all)
			}
		})
	}
	close(h.release)
	run.wait().want(t, exit.OK)
}

// NO_COLOR takes the colors away, and a dumb terminal gets lines.
func TestWatchWithoutColors(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{})
	r.run("run", r.manifest("m.csv", 3)).want(t, exit.OK)
	colors := regexp.MustCompile("\x1b\\[[0-9;]*3[0-9]m")
	for none, colored := range map[string]bool{"": true, "1": false} {
		r.setenv("NO_COLOR", none)
		p := r.startOnTerminal("status", "--watch")
		p.shows("100%  3 of 3", 0)
		_, _ = p.master.WriteString("q")
		p.ends(exit.OK)
		if got := colors.MatchString(p.out.String()); got != colored {
			t.Errorf("NO_COLOR=%s: colors %v: %q", none, got, p.out.String())
		}
	}
}

// watch follows the queue from rest through a run, whose end it outlives, and holds up nobody.
func TestWatchFollowsTheQueue(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(6))
	m := r.manifest("m.csv", 8)
	r.run("enqueue", m).want(t, exit.OK)
	p := r.startOnTerminal("watch")
	at := p.shows("no run works this queue", 0)
	run := h.run(r, m)
	at = p.shows("62%  5 of 8", at)
	close(h.release)
	run.wait().want(t, exit.OK)
	p.shows("no run works this queue", at)
	p.shows("100%", at)
	_, _ = p.master.WriteString("q")
	p.ends(exit.OK)
}

// The progress of a run on a terminal tears no line of its log, and is gone at the end.
func TestTheProgressOfARunTearsNoLine(t *testing.T) {
	t.Parallel()
	r := newRig(t, airtest.Config{Script: failPosts("clip", airtest.Fault{Kind: airtest.Reject400})})
	r.setenv("AIRLIFT_RATE", "100/s")
	p := r.startOnTerminal("run", r.manifest("m.csv", 200), "--max-failures", "off")
	p.ends(exit.Incomplete)
	lines, all := 0, p.sent("airlift retry")
	for _, line := range strings.Split(all, "\n") {
		at := strings.LastIndex(line, "\r\x1b[K")
		text := ansi.Strip(line[max(at, 0):])
		if !strings.Contains(text, "state=failed") {
			continue
		}
		if lines++; !regexp.MustCompile(`^\r?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WRN answer .*took=\S+\s*$`).MatchString(text) {
			t.Errorf("a torn line: %q", line)
		}
	}
	if lines != 200 || strings.Count(all, " of 200  ") < 10 {
		t.Errorf("%d of 200 lines, or no progress: %q", lines, all)
	}
}

// status says what limits a run in progress, in text and in JSON.
func TestStatusSaysWhatLimitsARun(t *testing.T) {
	t.Parallel()
	h := newHeld()
	r := newRig(t, h.from(6))
	run := h.run(r, r.manifest("m.csv", 8))
	r.run("status").want(t, exit.OK).says(t, "rate ", "awaited")
	r.run("status", "--json").want(t, exit.OK).says(t, `"limit":"`)
	close(h.release)
	run.wait().want(t, exit.OK)
	if got := r.run("status").want(t, exit.OK).stdout; strings.Contains(got, "rate  ") {
		t.Errorf("at rest:\n%s", got)
	}
}
