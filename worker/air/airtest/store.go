package airtest

import (
	"encoding/binary"
	"encoding/hex"
	"hash/maphash"
	"math/rand/v2"
	"sort"
	"time"

	"airlift/worker/air"
)

// store keeps the accepted jobs, oldest first, never changed: about 100 bytes a job
// beside its name and key. It has no lock; a copy of a slice's header taken under
// the server's lock may be read without it.
type store struct {
	jobs     []record
	profiles []profile
	profile  map[profile]uint32
	batches  map[string][]uint32 // by Batch, ordinals of jobs
	names    map[uint64]uint32   // by hash: 1 + the latest job so named; chained by record.sameName
	objects  map[uint64]uint32   // by hash of batch, bucket and key; chained by record.sameObject
	repeats  int                 // jobs whose object had one already
	seed     maphash.Seed
	mask     uint64 // makes the ids of two servers differ
}

// profile is what many jobs share.
type profile struct {
	batch, services, bucket, endpoint, region, provider string
	destination                                         air.Destination
	priority                                            int
}

type record struct {
	created              int64 // Unix ns by the server's clock, not falling
	text                 string
	keyLen               uint32 // text is the key and then the name
	profile              uint32
	sameName, sameObject uint32 // 1 + the job before with the same hash, or 0
}

func (r *record) key() string  { return r.text[:r.keyLen] }
func (r *record) name() string { return r.text[r.keyLen:] }

func newStore() *store {
	return &store{
		profile: map[profile]uint32{}, batches: map[string][]uint32{},
		names: map[uint64]uint32{}, objects: map[uint64]uint32{},
		seed: maphash.MakeSeed(), mask: rand.Uint64(),
	}
}

func (s *store) hash(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(s.seed)
	for _, p := range parts {
		_, _ = h.WriteString(p)
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

// add stores a job and returns its ordinal.
func (s *store) add(j *air.NewJob, services string, now time.Time) uint32 {
	n := uint32(len(s.jobs))
	p := profile{
		batch: j.Batch, services: services, bucket: j.Source.Bucket, endpoint: j.Source.Endpoint,
		region: j.Source.Region, provider: j.Source.Provider, destination: j.Destination, priority: j.Priority,
	}
	id, ok := s.profile[p]
	if !ok {
		id = uint32(len(s.profiles))
		s.profiles = append(s.profiles, p)
		s.profile[p] = id
	}
	created := now.UnixNano()
	if n > 0 {
		created = max(created, s.jobs[n-1].created)
	}
	nameHash, objectHash := s.hash(j.Name), s.hash(j.Batch, j.Source.Bucket, j.Source.ObjectKey)
	object := Object{j.Batch, j.Source.Bucket, j.Source.ObjectKey}
	if s.latest(object, objectHash) != 0 {
		s.repeats++
	}
	s.jobs = append(s.jobs, record{
		created: created, text: j.Source.ObjectKey + j.Name, keyLen: uint32(len(j.Source.ObjectKey)),
		profile: id, sameName: s.names[nameHash], sameObject: s.objects[objectHash],
	})
	s.names[nameHash], s.objects[objectHash] = n+1, n+1
	s.batches[j.Batch] = append(s.batches[j.Batch], n)
	return n
}

func (s *store) object(n uint32) Object {
	r := &s.jobs[n]
	p := &s.profiles[r.profile]
	return Object{p.batch, p.bucket, r.key()}
}

// latest returns 1 + the latest job of an object, or 0.
func (s *store) latest(o Object, hash uint64) uint32 {
	for at := s.objects[hash]; at != 0; at = s.jobs[at-1].sameObject {
		if s.object(at-1) == o {
			return at
		}
	}
	return 0
}

// named returns the jobs of exactly this name, oldest first.
func (s *store) named(name string) []uint32 {
	var found []uint32
	for at := s.names[s.hash(name)]; at != 0; at = s.jobs[at-1].sameName {
		if s.jobs[at-1].name() == name {
			found = append(found, at-1)
		}
	}
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found
}

// createdBy returns how many of the jobs were created at t or before.
func createdBy(jobs []record, t int64) int {
	return sort.Search(len(jobs), func(i int) bool { return jobs[i].created > t })
}

// id makes the ordinal of a job its id of 32 hex digits, and ordinal undoes it: no
// table of ids is needed.
func (s *store) id(n uint32) string {
	var b [16]byte
	hi := mix(uint64(n) ^ s.mask)
	binary.BigEndian.PutUint64(b[:8], hi)
	binary.BigEndian.PutUint64(b[8:], mix(hi+s.mask))
	return hex.EncodeToString(b[:])
}

func (s *store) ordinal(id string) (uint32, bool) {
	b, err := hex.DecodeString(id)
	if err != nil || len(b) != 16 {
		return 0, false
	}
	n := unmix(binary.BigEndian.Uint64(b)) ^ s.mask
	if n >= uint64(len(s.jobs)) || s.id(uint32(n)) != id {
		return 0, false
	}
	return uint32(n), true
}

// mix scatters 64 bits one to one (the finalizer of splitmix64).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func unmix(x uint64) uint64 {
	x = (x ^ x>>31 ^ x>>62) * 0x319642b2d24d8ec3
	x = (x ^ x>>27 ^ x>>54) * 0x96de1b173f119089
	return x ^ x>>30 ^ x>>60
}
