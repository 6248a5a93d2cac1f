package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a PostgreSQL of our own, as it is out of the box, on a socket in a temporary folder.
type postgres struct {
	cmd *exec.Cmd
	dsn string
	dir string
}

// startPostgres makes a cluster and starts it. As root it takes another user's identity, for PostgreSQL refuses root.
// *errSkip if there is none on this machine.
func (b *bench) startPostgres(ctx context.Context) (*postgres, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	as, name, err := notRoot()
	if err != nil {
		return nil, err
	}
	// A folder of its own, for the socket's path must be short and others must be able to enter.
	dir, err := os.MkdirTemp("", "airlift-pg-*")
	if err != nil {
		return nil, err
	}
	p := &postgres{dir: dir, dsn: fmt.Sprintf("host=%s user=%s dbname=postgres pool_max_conns=%d", dir, name, workers+8)}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return nil, errors.Join(err, os.RemoveAll(dir))
		}
	}
	start := func(program string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, program), args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as, Setpgid: true}
		cmd.Env = []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "LC_ALL=C.UTF-8"}
		return cmd
	}
	data := filepath.Join(dir, "data")
	if out, err := start("initdb", "-D", data, "-U", name, "-A", "trust", "-E", "UTF8").CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(dir))
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer log.Close()
	p.cmd = start("postgres", "-D", data, "-k", dir, "-c", "listen_addresses=")
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := p.ready(ctx); err != nil {
		text, _ := os.ReadFile(log.Name())
		p.stop()
		return nil, fmt.Errorf("start PostgreSQL: %w\n%s", err, text)
	}
	return p, nil
}

// ready waits until it answers.
func (p *postgres) ready(ctx context.Context) error {
	dsn, _, _ := strings.Cut(p.dsn, " pool_max_conns")
	var last error
	for range 300 {
		conn, err := pgx.Connect(ctx, dsn)
		if err == nil {
			return conn.Close(ctx)
		}
		last = err
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return last
}

// stop ends it and deletes its data.
func (p *postgres) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGINT) // a fast shutdown
	_ = p.cmd.Wait()
	_ = os.RemoveAll(p.dir)
}

// postgresBin is the folder of PostgreSQL's programs.
func postgresBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "postgres")); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", &errSkip{"no PostgreSQL"}
	}
	return filepath.Dir(slices.Max(found)), nil
}

// notRoot is another user's identity if this process is root's, else nil, and the name of the user.
func notRoot() (*syscall.Credential, string, error) {
	if os.Getuid() != 0 {
		u, err := user.Current()
		if err != nil {
			return nil, "", err
		}
		return nil, u.Username, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil {
			continue
		}
		gid, err := strconv.Atoi(u.Gid)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, name, nil
	}
	return nil, "", &errSkip{"no user but root to run PostgreSQL as"}
}

// familyCPU is what a process and its children, those that ended too, have used so far.
func familyCPU(parent int) time.Duration {
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every Linux that Go runs on
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	total := time.Duration(0)
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		_, after, _ := strings.Cut(string(text), ") ") // the name may have spaces
		fields := strings.Fields(after)
		if len(fields) < 15 {
			continue
		}
		own := filepath.Base(filepath.Dir(path)) == strconv.Itoa(parent)
		if !own && fields[1] != strconv.Itoa(parent) {
			continue
		}
		used := fields[11:13] // utime, stime
		if own {
			used = fields[11:15] // and those of the children that ended
		}
		for _, f := range used {
			n, _ := strconv.Atoi(f)
			total += time.Duration(n) * tick
		}
	}
	return total
}
