package queue

// Page is a piece of a batch's items that was read and is not decoded yet, so that decoding can be spread over the cores.
// It is used by one goroutine at a time, whichever.
type Page interface {
	// Entries decodes the items, in order of Seq, without those that the reader's filter leaves out. They are the page's,
	// with all that they point to.
	Entries() ([]Entry, error)
	// Keep leaves what the entries point to with whoever has it, whatever becomes of the page.
	Keep()
	// Release gives the page's memory to a page to come: the entries are no more, nor, without Keep, what they point to.
	Release()
}
