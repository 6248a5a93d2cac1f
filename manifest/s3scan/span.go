package s3scan

import (
	"airlift/manifest/entry"
	"context"
	"fmt"
	"sort"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// maxEmptyPages is how many pages in a row may be empty and yet truncated. A
// server may send some where many objects were deleted; one that does so for
// ever would else never end.
const maxEmptyPages = 10_000

// span is a part of a listing that one worker reads page by page, as the server
// says how to go on. It ends before the key end: that is the first key of the
// span behind it, one that the server has listed. So whatever made the spans,
// nothing can lie between two of them: a span is over when its own pages, which
// were never told where to stop, have come to its end or beyond.
type span struct {
	after   string // what the server was asked to begin behind; "" the beginning
	resumed bool   // its first page must hold pos, which was read before
	token   *string
	empty   int // pages without objects in a row
	stretch *stretch

	// The fields below are guarded by scan.mu.
	pos        string // the last key listed
	end        string // the first key of the next span; "" none, it is the last one
	lastFolder string // the last folder known before end, "" none: see fewAtTheEnd
	pages      int    // since hints were last asked for
	due        int    // pages until they are asked for again
}

// page is a checked page on its way to the one who reads. A page with an error
// is the last one, and has no objects.
type page struct {
	span    *span
	objects []types.Object
	last    bool   // of its span, which reaches up to end
	end     string // see span
	err     error
}

// list reads a span to its end. a is its next page, nil if it was not asked for.
func (s *scan) list(ctx context.Context, sp *span, a *answer) error {
	for {
		if a == nil {
			var err error
			if a, err = s.ask(ctx, query{after: sp.after, token: sp.token, limit: s.pageLimit(sp)}, s.retryBudget); err != nil {
				return err
			}
		}
		if err := s.checkPage(ctx, sp, a); err != nil {
			return err
		}
		p, err := s.takePage(sp, a)
		if err != nil {
			return err
		}
		if a, err = s.deliver(ctx, sp, p, a); err != nil || p.last {
			return err
		}
	}
}

// lastFolderKeys is how many objects are asked for once, when a span has come to
// the last folder before its end: that it goes on far there is not likely, and
// what a full page holds beyond the end is of no use.
const lastFolderKeys = 50

func (s *scan) pageLimit(sp *span) int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sp.lastFolder == "" || sp.pos < sp.lastFolder {
		return 0
	}
	sp.lastFolder = ""
	return lastFolderKeys
}

// takePage cuts off a page what belongs to the next span, and books the rest.
func (s *scan) takePage(sp *span, a *answer) (*page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takePageLocked(sp, a)
}

func (s *scan) takePageLocked(sp *span, a *answer) (*page, error) {
	p := &page{span: sp, objects: a.objects}
	if len(p.objects) > 0 && *p.objects[0].Key <= sp.pos {
		return nil, fmt.Errorf("%w: the answer is not in the order of keys: %s follows on %s", errAnswer, entry.Excerpt(*p.objects[0].Key), entry.Excerpt(sp.pos))
	}
	if sp.end != "" {
		n := sort.Search(len(p.objects), func(i int) bool { return *p.objects[i].Key >= sp.end })
		p.last = n < len(p.objects)
		p.objects = p.objects[:n]
	}
	if n := len(p.objects); n > 0 {
		sp.pos = *p.objects[n-1].Key
	}
	sp.token = a.token
	sp.pages++
	s.broadcast()
	return p, nil
}

// deliver hands a page over and returns the one that follows, if that is known
// already. A span whose pages end before it does is asked once more.
func (s *scan) deliver(ctx context.Context, sp *span, p *page, a *answer) (next *answer, err error) {
	if !p.last && a.token == nil {
		if next, err = s.confirmEnd(ctx, sp); err != nil {
			return nil, err
		}
		p.last = next == nil
	}
	if p.last {
		p.end = s.finish(sp)
	}
	return next, s.send(p)
}

// confirmEnd asks what the server has behind the last key of a span whose pages have
// come to an end, nil for nothing: a last page that is not the last would else
// end a listing too early. A server that cannot tell where to begin gives the
// beginning, which says nothing.
func (s *scan) confirmEnd(ctx context.Context, sp *span) (*answer, error) {
	s.mu.Lock()
	pos := sp.pos
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

// checkPage bounds empty pages, and proves on the first page of a span that goes on
// that the server begins where it was asked to.
func (s *scan) checkPage(ctx context.Context, sp *span, a *answer) error {
	if sp.empty++; len(a.objects) > 0 {
		sp.empty = 0
	}
	if sp.empty > maxEmptyPages {
		return fmt.Errorf("%w: %d answers in a row hold no object and say that more follow", errAnswer, sp.empty)
	}
	if !sp.resumed {
		return nil
	}
	sp.resumed = false
	n := sort.Search(len(a.objects), func(i int) bool { return *a.objects[i].Key > sp.pos })
	if n == 0 || *a.objects[n-1].Key != sp.pos {
		// Either the object is gone, or the server passes over what it has.
		b, err := s.ask(ctx, query{prefix: sp.pos, limit: 1}, s.retryBudget)
		if err != nil {
			return err
		}
		if len(b.objects) > 0 && *b.objects[0].Key == sp.pos {
			return fmt.Errorf("%w: asked for what follows on a key, the server passes over %s", ErrCursor, entry.Excerpt(sp.pos))
		}
	}
	a.objects = a.objects[n:]
	return nil
}
