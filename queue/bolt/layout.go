package bolt

import (
	"encoding/binary"

	"go.etcd.io/bbolt"

	"airlift/queue/bolt/codec"
)

// format is the version of the layout below. A file of formerFormat is brought to it when it is opened (see upgrade), any
// other is refused ([queue.ErrNewer], [queue.ErrOlder]).
const (
	format       = 4
	formerFormat = 3
)

// magic identifies an airlift queue among bbolt files.
const magic = "airlift queue"

// The buckets at the root, and the keys of the first.
var (
	bucketMeta    = []byte("meta")
	bucketBatches = []byte("batches") // number of the batch (4 bytes) -> its bucket
	bucketGates   = []byte("gates")   // account -> queue.Gate, account 0 -> queue.Server, account 0 "control" -> queue.Control, as JSON, bound
	bucketDays    = []byte("days")    // account, 0, day (4 bytes) -> queue.DayCount as JSON, bound

	keyMagic    = []byte("magic")
	keyFormat   = []byte("format")
	keyIndexKey = []byte("index key")
)

// What is in the bucket of a batch. All numbers in keys are big-endian, so that the order of the keys is the order of
// the items.
var (
	keyBatch       = []byte("batch")    // meta as JSON, and its checksum
	bucketItems    = []byte("items")    // first seq of a block -> block
	bucketOpen     = []byte("open")     // seq -> record, bound: sending and in doubt
	bucketReady    = []byte("ready")    // seq -> record, bound: pending again
	bucketResults  = []byte("results")  // seq, generation (4 bytes) -> record, bound: submitted, failed, cancelled
	bucketIndex    = []byte("index")    // number of a run -> bucket: hash of the first entry -> entries
	bucketRuns     = []byte("runs")     // number of a run -> number of its entries, bound
	bucketRejected = []byte("rejected") // running number -> rows, sealed
	bucketMarks    = []byte("marks")    // key of a mark -> its value, and its checksum; there only while there are some
	// There only if there are some: seq of an object's first item -> history, bound.
	bucketHistories = []byte("histories")
	// There only if there are some: seq -> the events of an item whose records do not tell its whole story, bound.
	bucketEvents = []byte("events")
)

// seqLen is the length of a sequence number in a key.
const seqLen = 8

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func keySeq(k []byte) uint64 { return binary.BigEndian.Uint64(k) }

func resultKey(seq uint64, gen uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(make([]byte, 0, seqLen+4), seq), gen)
}

func keyGen(k []byte) uint32 { return binary.BigEndian.Uint32(k[seqLen:]) }

func numKey(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }

// buckets are the handles of one batch's buckets within one transaction.
type buckets struct {
	root, items, open, ready, results, index, runs, rejected *bbolt.Bucket
	histories, events                                        *bbolt.Bucket // nil if there are none
}

// bucketsOf returns the handles of a batch.
func bucketsOf(tx *bbolt.Tx, num uint32) (buckets, error) {
	all := tx.Bucket(bucketBatches)
	if all == nil {
		return buckets{}, codec.Damaged("the bucket of batches is missing")
	}
	root := all.Bucket(numKey(num))
	if root == nil {
		return buckets{}, codec.Damaged("the bucket of batch %d is missing", num)
	}
	b := buckets{
		root: root, items: root.Bucket(bucketItems), open: root.Bucket(bucketOpen), ready: root.Bucket(bucketReady),
		results: root.Bucket(bucketResults), index: root.Bucket(bucketIndex), runs: root.Bucket(bucketRuns),
		rejected: root.Bucket(bucketRejected), histories: root.Bucket(bucketHistories), events: root.Bucket(bucketEvents),
	}
	for _, sub := range []*bbolt.Bucket{b.items, b.open, b.ready, b.results, b.index, b.runs, b.rejected} {
		if sub == nil {
			return buckets{}, codec.Damaged("a bucket of batch %d is missing", num)
		}
	}
	// Written in append order, so full pages are never split again; results come in the order of the answers, which
	// is nearly that.
	b.items.FillPercent, b.rejected.FillPercent, b.results.FillPercent = 1, 1, 0.95
	return b, nil
}
