// The benchmarks: airlift against its peers. A module of its own, so that the peers stay out of airlift's go.mod.
module airlift/testdata/bench

go 1.26.0

require (
	airlift v0.0.0
	github.com/mattn/go-sqlite3 v1.14.53
)

require (
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/stretchr/testify v1.12.1 // indirect
	go.etcd.io/bbolt v1.5.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

replace airlift => ../..
