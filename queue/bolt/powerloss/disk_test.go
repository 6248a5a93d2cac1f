package powerloss_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"airlift/queue/bolt/powerloss"
)

// after appends what strace says to a new log and returns every folder, as text, that a power loss at its end may leave.
func after(t *testing.T, trace string) []string {
	t.Helper()
	log := powerloss.NewLog("/r")
	if err := log.Append(strings.TrimLeft(trace, "\n")); err != nil {
		t.Fatal(err)
	}
	disk := powerloss.NewDisk(log)
	disk.Advance(log.Len)
	var all []string
	for i := range 120 {
		dir := t.TempDir()
		if err := disk.Image(rand.New(rand.NewPCG(1, uint64(i)))).Write(dir); err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, path := range must(filepath.Glob(filepath.Join(dir, "*"))) {
			text += fmt.Sprintf("%s=%s ", filepath.Base(path), must(os.ReadFile(path)))
		}
		all = append(all, strings.TrimSpace(text))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

const made = `
7 openat(AT_FDCWD</>, "/r/a", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</r/a>
7 openat(AT_FDCWD</>, "/r", O_RDONLY|O_CLOEXEC) = 4</r>
7 fsync(4</r>) = 0`

func TestWhatADiskMayHold(t *testing.T) {
	for name, c := range map[string]struct {
		trace string
		want  []string
	}{
		"a name that is not synced": {`
7 openat(AT_FDCWD</>, "/r/a", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</r/a>
7 pwrite64(3</r/a>, "one", 3, 0) = 3
7 fsync(3</r/a>) = 0
`, []string{"", "a=one"}},
		"writes that are synced, and one that is not": {made + `
7 pwrite64(3</r/a>, "one", 3, 0) = 3
7 fdatasync(3</r/a>) = 0
7 pwrite64(3</r/a>, "\62wo", 3, 0) = 3
`, []string{"a=2wo", "a=one"}},
		"out of order": {made + `
7 pwrite64(3</r/a>, "1", 1, 0) = 1
7 pwrite64(3</r/a>, "2", 1, 1) = 1
`, []string{"a=", "a=\x002", "a=1", "a=12"}},
		"a write that began before the sync and ended after": {made + `
7 pwrite64(3</r/a>, "one", 3, 0 <unfinished ...>
8 fdatasync(3</r/a> <unfinished ...>
7 <... pwrite64 resumed>) = 3
8 <... fdatasync resumed>) = 0
`, []string{"a=", "a=one"}},
		"a sync that has not returned": {made + `
7 pwrite64(3</r/a>, "one", 3, 0) = 3
7 fdatasync(3</r/a>) = ?
7 +++ killed by SIGKILL +++
`, []string{"a=", "a=one"}},
		"a sync that failed": {made + `
7 pwrite64(3</r/a>, "one", 3, 0) = 3
7 fdatasync(3</r/a>) = -1 EIO (Input/output error)
`, []string{"a=", "a=one"}},
		"renamed, the folder not synced": {made + `
7 pwrite64(3</r/a>, "one", 3, 0) = 3
7 fdatasync(3</r/a>) = 0
7 renameat(AT_FDCWD</>, "/r/a", AT_FDCWD</>, "/r/b") = 0
`, []string{"a=one", "b=one"}},
		"linked and removed, the folder not synced": {made + `
7 linkat(AT_FDCWD</>, "/r/a", AT_FDCWD</>, "/r/b", 0) = 0
7 unlinkat(AT_FDCWD</>, "/r/a", 0) = 0
`, []string{"", "a=", "a= b=", "b="}},
		"cut": {made + `
7 pwrite64(3</r/a>, "one", 3, 0) = 3
7 fsync(3</r/a>) = 0
7 ftruncate(3</r/a>, 1) = 0
`, []string{"a=o", "a=one"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := after(t, c.trace); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A write of two sectors may be torn between them and nowhere else.
func TestTorn(t *testing.T) {
	got := after(t, made+fmt.Sprintf("\n7 pwrite64(3</r/a>, \"%s%s\", 1024, 0) = 1024\n", strings.Repeat("1", 512), strings.Repeat("2", 512)))
	for i, s := range got {
		got[i] = strings.NewReplacer(strings.Repeat("1", 512), "1", strings.Repeat("2", 512), "2", strings.Repeat("\x00", 512), "0").Replace(s)
	}
	if want := []string{"a=", "a=1", "a=12", "a=02"}; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What the model does not know it refuses.
func TestUnknownCalls(t *testing.T) {
	for _, line := range []string{
		`7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 3</r/a>, 0) = 0x7fbffff71000`,
		`7 write(3</r/a>, "x", 1) = 1`,
		`7 fallocate(3</r/a>, 0, 0, 4096) = 0`,
		`7 openat(AT_FDCWD</>, "/r/b", O_RDONLY) = 5</r/b>`,
		`7 pwrite64(3</r/a>, "x"..., 100, 0) = 100`,
	} {
		if err := powerloss.NewLog("/r").Append(strings.TrimLeft(made, "\n") + "\n" + line + "\n"); err == nil {
			t.Errorf("%s was taken for harmless", line)
		}
	}
}
