package powerloss

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// Image is a folder as it may be found after a power loss.
type Image struct {
	state
	dirs map[int]bool
}

// Image returns one of the folders that a power loss at this place may leave, by the choices of r.
func (d *Disk) Image(r *rand.Rand) Image {
	files := maps.Clone(d.kept.files)
	for n, f := range files {
		files[n] = f.clone()
	}
	im := Image{state{files, maps.Clone(d.kept.names)}, d.log.dirs}
	// Some images lose nearly all that they may, some nearly nothing: the latest states are as telling as the oldest.
	odds := []float64{0, 0.1, 0.5, 0.9, 1}
	keep, keepNames, tear := odds[r.IntN(len(odds))], odds[r.IntN(len(odds))], odds[r.IntN(len(odds))]
	for _, e := range d.loose {
		switch {
		case e.kind == rename:
			if r.Float64() < keepNames {
				im.apply(e)
			}
		case r.Float64() >= keep:
		case e.kind == write && r.Float64() < tear:
			for _, piece := range torn(e, r) {
				im.apply(piece)
			}
		default:
			im.apply(e)
		}
	}
	return im
}

// torn returns the sectors of a write that reached the disk: its beginning, or any.
func torn(e event, r *rand.Rand) (pieces []event) {
	var all []event
	for offset, data := e.offset, e.data; len(data) > 0; {
		n := min(int64(len(data)), sector-offset%sector)
		piece := e
		piece.offset, piece.data = offset, data[:n]
		all = append(all, piece)
		offset, data = offset+n, data[n:]
	}
	if r.IntN(2) == 0 {
		return all[:r.IntN(len(all)+1)]
	}
	for _, piece := range all {
		if r.IntN(2) == 0 {
			pieces = append(pieces, piece)
		}
	}
	return pieces
}

// Has reports whether the image has a file or folder of that name, relative to the log's root.
func (im Image) Has(name string) bool {
	for ; name != "."; name = filepath.Dir(name) {
		if im.names[name] == 0 {
			return false
		}
	}
	return true
}

// Write makes the image's files and folders in an empty folder.
func (im Image) Write(dir string) error {
	for _, name := range slices.Sorted(maps.Keys(im.names)) { // a folder sorts before what is in it
		if name == "." || !im.Has(name) {
			continue
		}
		path, node := filepath.Join(dir, name), im.names[name]
		if im.dirs[node] {
			if err := os.Mkdir(path, 0o700); err != nil {
				return err
			}
			continue
		}
		if err := im.files[node].create(path); err != nil {
			return err
		}
	}
	return nil
}

func (c content) create(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(c.size); err != nil {
		return err
	}
	for number, page := range c.pages {
		if _, err := f.WriteAt(page[:min(pageSize, c.size-number*pageSize)], number*pageSize); err != nil {
			return err
		}
	}
	return f.Close()
}
