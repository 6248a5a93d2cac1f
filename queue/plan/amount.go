package plan

// Amount is how many items there are of a kind, and how many bytes those of them have whose size is known.
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

// PrefixAmount is what lies under a prefix.
type PrefixAmount struct {
	Prefix string `json:"prefix"`
	Amount
}

// TypeAmount is what there is of a media type.
type TypeAmount struct {
	Type string `json:"type"`
	Amount
}

// SizeAmount is what there is of a class of sizes: from (included) to (not included) so many bytes; the open end, and the
// bounds of sizes that are not known, are null.
type SizeAmount struct {
	From *int64 `json:"from"`
	To   *int64 `json:"to"`
	Amount
}

// ChannelsAmount is how many items have so many audio channels.
type ChannelsAmount struct {
	Channels int   `json:"channels"`
	Items    int64 `json:"items"`
}

// SkippedAmount is how many rows were left out for a reason.
type SkippedAmount struct {
	Reason string `json:"reason"`
	Rows   int64  `json:"rows"`
}
