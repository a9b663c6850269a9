// Command auditcheck checks Lockbox audit bundles with code that Lockbox did not write: the note and tlog packages of
// golang.org/x/mod. It needs no module:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o auditcheck .
//	auditcheck vectors                        prints the frozen vectors (tests/audit/vectors/tlog.json)
//	auditcheck verify BUNDLE VKEY [KEPT...]   verifies a bundle, against checkpoints kept before when given
//	auditcheck withheld BUNDLE VKEY [KEPT...] the same, where it was agreed that entries may be withheld
package main

import (
	"fmt"
	"os"
)

func main() {
	err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "REFUSED:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "vectors":
		return vectors(os.Stdout)
	case len(args) >= 3 && (args[0] == "verify" || args[0] == "withheld"):
		return verify(args[1], args[2], args[3:], args[0] == "withheld")
	}
	return fmt.Errorf("usage: vectors | verify or withheld BUNDLE VKEY [KEPT...]")
}

// memory holds the stored hashes of a tree in the order of tlog.StoredHashIndex.
type memory []tlogHash

func (m memory) ReadHashes(indexes []int64) ([]tlogHash, error) {
	found := make([]tlogHash, len(indexes))
	for i, index := range indexes {
		if index < 0 || index >= int64(len(m)) {
			return nil, fmt.Errorf("no stored hash %d", index)
		}
		found[i] = m[index]
	}
	return found, nil
}
