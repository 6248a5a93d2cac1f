// Package manifest reads sources. It opens a source of any kind and reads it entry by entry: manifests (CSV, JSON
// Lines, text, S3 Inventory, S3 Batch Operations) from files, standard input and S3 objects, and listings of S3
// buckets.
//
// An entry is read in these steps: [ParseSource] parses the source's name, [Open] reads its first lines and recognizes
// the format, and the format's package returns one [entry.Entry] a call, in constant memory.
//
// Invariants:
//
//  1. Every row is accounted for: it is an entry, an entry with a reason to skip
//     it, or a [*entry.RowError] after which reading goes on.
//  2. A reading is complete only if it ended in io.EOF. A source that ends early
//     is a [*entry.BrokenError] after its last good row.
//  3. Keys are bytes. They are never trimmed, folded, normalized or unescaped,
//     except where the format says so (CSV quotes, JSON escapes, the URL-encoding
//     of S3's own lists): an altered key is another object.
//  4. Ambiguous content is refused with a command line for each meaning.
//
// Outside: which entries are selected (manifest/filter), what their objects hold
// (manifest/preflight), and queues, batches and AiR's client.
package manifest
