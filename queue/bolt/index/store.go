package index

// Tx is a transaction of the store that keeps the runs of one index. A run is a bucket of its own, named by its number.
type Tx interface {
	// Runs is a bucket with the number of entries of each run.
	Runs() Bucket
	// Run returns the bucket of a run, nil if there is none.
	Run(number []byte) Bucket
	CreateRun(number []byte) (Bucket, error)
	DeleteRun(number []byte) error
}

// Bucket is a sorted set of keys with values.
type Bucket interface {
	Put(key, value []byte) error
	Delete(key []byte) error
	Cursor() Cursor
}

// Cursor walks over a bucket. Each method returns the key and value that it moves to, and a nil key past either end.
type Cursor interface {
	First() (key, value []byte)
	Last() (key, value []byte)
	Next() (key, value []byte)
	Prev() (key, value []byte)
	// Seek moves to a key or, if there is none, to the next.
	Seek(key []byte) (k, value []byte)
}
