package s3scan

import (
	"context"
	"fmt"
	"sort"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"airlift/manifest/entry"
)

// maxEmptyPages is how many consecutive pages may be empty and truncated. A server may send some where many objects
// were deleted; one that always does would never end.
const maxEmptyPages = 10_000

// keyRange is a part of a listing that one worker reads page by page with continuation tokens. It ends before the key
// end, which is the first key of the next range, and which the server has listed. So no key can lie between two ranges,
// whatever split them: a range is finished when its own pages, which the server was never told to stop, reach its end.
type keyRange struct {
	after   string // start-after of the first request; "" is the beginning
	resumed bool   // its first page must contain pos, which was read before
	token   *string
	empty   int // consecutive pages without objects
	stretch *stretch

	// The fields below are guarded by scan.mu.
	pos        string // last key listed
	end        string // first key of the next range; "" if it is the last range
	lastFolder string // last folder known before end, "" if none; see pageLimit
	pages      int    // listed since findSplitPoints last looked at it
	due        int    // pages until it looks again
}

// page is a checked page for the Reader. A page with an error is the last one, and has no objects.
type page struct {
	keyRange *keyRange
	objects  []types.Object
	last     bool   // of its range, which reaches up to end
	end      string // see keyRange
	err      error
}

// list reads a range to its end. a is its next page, nil if it was not requested.
func (s *scan) list(ctx context.Context, kr *keyRange, a *answer) error {
	for {
		if a == nil {
			var err error
			if a, err = s.ask(ctx, query{after: kr.after, token: kr.token, limit: s.pageLimit(kr)}, s.retryBudget); err != nil {
				return err
			}
		}
		if err := s.checkPage(ctx, kr, a); err != nil {
			return err
		}
		p, err := s.takePage(kr, a)
		if err != nil {
			return err
		}
		if a, err = s.deliver(ctx, kr, p, a); err != nil || p.last {
			return err
		}
	}
}

// lastFolderKeys is the size of the first page in the last folder before the end
// of a range: most of a full page would lie beyond the end.
const lastFolderKeys = 50

// pageLimit returns how many objects to request, 0 for the server's own limit.
func (s *scan) pageLimit(kr *keyRange) int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kr.lastFolder == "" || kr.pos < kr.lastFolder {
		return 0
	}
	kr.lastFolder = ""
	return lastFolderKeys
}

// takePage cuts off what belongs to the next range, and moves the range forward.
func (s *scan) takePage(kr *keyRange, a *answer) (*page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takePageLocked(kr, a)
}

func (s *scan) takePageLocked(kr *keyRange, a *answer) (*page, error) {
	p := &page{keyRange: kr, objects: a.objects}
	if len(p.objects) > 0 && *p.objects[0].Key <= kr.pos {
		return nil, fmt.Errorf("%w: the answer is not in the order of keys: %s follows on %s", errAnswer, entry.Excerpt(*p.objects[0].Key), entry.Excerpt(kr.pos))
	}
	if kr.end != "" {
		n := sort.Search(len(p.objects), func(i int) bool { return *p.objects[i].Key >= kr.end })
		p.last = n < len(p.objects)
		p.objects = p.objects[:n]
	}
	if n := len(p.objects); n > 0 {
		kr.pos = *p.objects[n-1].Key
	}
	kr.token = a.token
	kr.pages++
	s.broadcast()
	return p, nil
}

// deliver sends a page, and returns the next one if it is known already. If the
// pages end before the range does, it confirms that.
func (s *scan) deliver(ctx context.Context, kr *keyRange, p *page, a *answer) (next *answer, err error) {
	if !p.last && a.token == nil {
		if next, err = s.confirmEnd(ctx, kr); err != nil {
			return nil, err
		}
		p.last = next == nil
	}
	if p.last {
		p.end = s.finish(kr)
	}
	return next, s.send(p)
}

// confirmEnd requests what follows the last key of a range whose pages have ended, and returns nil if nothing does: a
// page that is wrongly marked as the last would end the listing too early. A server that ignores start-after returns
// the beginning, which proves nothing.
func (s *scan) confirmEnd(ctx context.Context, kr *keyRange) (*answer, error) {
	s.mu.Lock()
	pos := kr.pos
	s.mu.Unlock()
	if pos == "" {
		return nil, nil
	}
	a, err := s.ask(ctx, query{after: pos}, s.retryBudget)
	if err != nil || a.token == nil && len(a.objects) == 0 || len(a.objects) > 0 && *a.objects[0].Key <= pos {
		return nil, err
	}
	return a, nil
}

// checkPage limits empty pages, and checks on the first page of a resumed range
// that the server starts where it was asked to.
func (s *scan) checkPage(ctx context.Context, kr *keyRange, a *answer) error {
	if kr.empty++; len(a.objects) > 0 {
		kr.empty = 0
	}
	if kr.empty > maxEmptyPages {
		return fmt.Errorf("%w: %d answers in a row hold no object and say that more follow", errAnswer, kr.empty)
	}
	if !kr.resumed {
		return nil
	}
	kr.resumed = false
	n := sort.Search(len(a.objects), func(i int) bool { return *a.objects[i].Key > kr.pos })
	if n == 0 || *a.objects[n-1].Key != kr.pos {
		// Either the object is gone, or the server skips what it has.
		b, err := s.ask(ctx, query{prefix: kr.pos, limit: 1}, s.retryBudget)
		if err != nil {
			return err
		}
		if len(b.objects) > 0 && *b.objects[0].Key == kr.pos {
			return fmt.Errorf("%w: asked for what follows on a key, the server passes over %s", ErrCursor, entry.Excerpt(kr.pos))
		}
	}
	a.objects = a.objects[n:]
	return nil
}
