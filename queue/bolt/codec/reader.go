package codec

import (
	"encoding/binary"
	"unsafe"

	"airlift/queue"
)

// Reader decodes a value from its start. After the first fault it returns zeroes; End reports the fault.
type Reader struct {
	Rest []byte // what is not decoded yet
	Bad  bool
}

// Uvarint decodes what [binary.AppendUvarint] wrote.
func (r *Reader) Uvarint() uint64 {
	n, size := binary.Uvarint(r.Rest)
	r.skip(size)
	return n
}

// Varint decodes what [binary.AppendVarint] wrote.
func (r *Reader) Varint() int64 {
	n, size := binary.Varint(r.Rest)
	r.skip(size)
	return n
}

// skip goes past a number of that size; 0 or less is a fault.
func (r *Reader) skip(size int) {
	if size <= 0 {
		r.Fail()
		return
	}
	r.Rest = r.Rest[size:]
}

// Uint64 decodes eight bytes, the highest first.
func (r *Reader) Uint64() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Byte decodes one byte.
func (r *Reader) Byte() byte {
	if b := r.Bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// Count decodes a number of things of which each takes at least one byte, so that no garbage makes the caller allocate
// more than the value is long.
func (r *Reader) Count() int {
	n := r.Uvarint()
	if n > uint64(len(r.Rest)) {
		r.Fail()
		return 0
	}
	return int(n)
}

// Bytes returns the next n bytes of the value itself, not a copy.
func (r *Reader) Bytes(n int) []byte {
	if n < 0 || n > len(r.Rest) {
		r.Fail()
		return nil
	}
	p := r.Rest[:n]
	r.Rest = r.Rest[n:]
	return p
}

// String decodes what [AppendString] wrote.
func (r *Reader) String() string { return string(r.Bytes(r.Count())) }

// Text is String, but the result shares the memory of the value, which must not change any more.
func (r *Reader) Text() string { return Text(r.Bytes(r.Count())) }

// Text returns a string that shares the memory of b: it saves an allocation an item, half of the time of decoding a block.
func Text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Fields decodes what [AppendFields] wrote. The strings share the memory of the value.
func (r *Reader) Fields() queue.JobFields {
	var f queue.JobFields
	if s := r.Bytes(r.Count()); len(s) > 0 {
		f.Services = append(f.Services, s...)
	}
	f.Priority = int(r.Varint())
	f.DestinationBucket, f.DestinationRegion = r.Text(), r.Text()
	f.SourceRegion, f.SourceEndpoint = r.Text(), r.Text()
	return f
}

// Fail marks the value as damaged.
func (r *Reader) Fail() { r.Bad, r.Rest = true, nil }

// End returns [ErrGarbled] after a fault, or if bytes are left over.
func (r *Reader) End() error {
	if r.Bad || len(r.Rest) != 0 {
		return ErrGarbled
	}
	return nil
}

// AppendString appends the length of a string and the string.
func AppendString[T ~string | ~[]byte](b []byte, s T) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// AppendFields appends job fields.
func AppendFields(b []byte, f *queue.JobFields) []byte {
	b = AppendString(b, f.Services)
	b = binary.AppendVarint(b, int64(f.Priority))
	for _, s := range []string{f.DestinationBucket, f.DestinationRegion, f.SourceRegion, f.SourceEndpoint} {
		b = AppendString(b, s)
	}
	return b
}
