package powerloss

import (
	"bytes"
	"path/filepath"
)

// sector is what a disk writes whole or not at all.
const sector = 512

// Log is what programs did to the folder Root, one after another. A place in it is the number of a line of strace's; the
// power may go at any of them.
type Log struct {
	Root string
	// Acks is what the programs wrote to their standard output, line by line.
	Acks []Ack
	// Len is the number of places.
	Len int
	// Writes, Syncs and Names count the calls.
	Writes, Syncs, Names int

	events []event
	syncs  []event
	// names and nodes are as a running system sees them; node 1 is Root.
	names map[string]int
	dirs  map[int]bool
	nodes int
}

// Ack is a line of standard output. It was said if the cut is beyond At.
type Ack struct {
	At   int
	Line []byte
}

// event is a change that a disk may keep or lose, or a sync.
type event struct {
	start, end int // places at which the call began and had returned
	node       int // the file that is written or cut; the folder whose names change; what is synced
	kind       kind
	offset     int64 // of a write; the new length of a resize
	data       []byte
	names      []entry // changed together
}

type kind int

const (
	write kind = iota
	resize
	rename // any change of names
	syncing
)

// entry is a name, relative to Root, and what it stands for from now on; 0: nothing.
type entry struct {
	name string
	node int
}

// NewLog returns the empty log of a folder, which must be empty, absolute and without symbolic links.
func NewLog(root string) *Log {
	return &Log{Root: filepath.Clean(root), names: map[string]int{".": 1}, dirs: map[int]bool{1: true}, nodes: 1}
}

// say keeps what came out on standard output. Lines never share a write.
func (l *Log) say(at int, data []byte) {
	for line := range bytes.SplitSeq(bytes.TrimSuffix(data, []byte("\n")), []byte("\n")) {
		l.Acks = append(l.Acks, Ack{at, line})
	}
}

// inside returns a path relative to Root, and whether it is in there.
func (l *Log) inside(path string) (string, bool) {
	rel, err := filepath.Rel(l.Root, path)
	return rel, err == nil && filepath.IsLocal(rel)
}

func (l *Log) newNode() int {
	l.nodes++
	return l.nodes
}

// rename notes names that change in one folder.
func (l *Log) rename(c call, names ...entry) {
	for _, e := range names {
		if l.names[e.name] = e.node; e.node == 0 {
			delete(l.names, e.name)
		}
	}
	l.Names++
	l.events = append(l.events, event{
		start: c.start, end: c.end, node: l.names[filepath.Dir(names[0].name)], kind: rename, names: names,
	})
}
