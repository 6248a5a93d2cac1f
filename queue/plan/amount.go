package plan

// Amount counts items, the items of known size, and the bytes of those.
type Amount struct {
	Items int64 `json:"items"`
	Sized int64 `json:"sized"`
	Bytes int64 `json:"bytes"`
}

func (a *Amount) add(size int64) {
	a.Items++
	if size >= 0 {
		a.Sized++
		a.Bytes += size
	}
}

func (a *Amount) plus(b Amount) {
	a.Items += b.Items
	a.Sized += b.Sized
	a.Bytes += b.Bytes
}

// PrefixAmount is the amount under a prefix.
type PrefixAmount struct {
	Prefix string `json:"prefix"`
	Amount
}

// TypeAmount is the amount of a media type.
type TypeAmount struct {
	Type string `json:"type"`
	Amount
}

// SizeAmount is the amount of a class of sizes, from (included) to (not included) so many bytes. An open end is null, and
// both are if the size is not known.
type SizeAmount struct {
	From *int64 `json:"from"`
	To   *int64 `json:"to"`
	Amount
}

// ChannelsAmount counts the items with so many audio channels.
type ChannelsAmount struct {
	Channels int   `json:"channels"`
	Items    int64 `json:"items"`
}

// SkippedAmount counts the rows that were left out for a reason.
type SkippedAmount struct {
	Reason string `json:"reason"`
	Rows   int64  `json:"rows"`
}
