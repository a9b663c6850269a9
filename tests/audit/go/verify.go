package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type head struct {
	origin string
	size   int64
	root   tlog.Hash
}

type entry struct {
	leaf    tlog.Hash
	digests map[string]bool
}

func verify(bundle, vkey string, kept []string) error {
	signed, err := os.ReadFile(filepath.Join(bundle, "checkpoint"))
	if err != nil {
		return err
	}
	top, err := openHead(signed, vkey)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	entries, err := readEntries(filepath.Join(bundle, "entries.jsonl"))
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	stored, err := storeAll(entries)
	if err != nil {
		return err
	}
	if int64(len(entries)) != top.size {
		return fmt.Errorf("%d entries, %d signed", len(entries), top.size)
	}
	root, err := tlog.TreeHash(top.size, stored)
	if err != nil || root != top.root {
		return errors.New("the root is not the signed one")
	}
	if err := checkDisclosures(filepath.Join(bundle, "disclosures.jsonl"), entries); err != nil {
		return fmt.Errorf("disclosures: %w", err)
	}
	earlier, err := checkEarlier(filepath.Join(bundle, "checkpoints"), vkey, top, stored)
	if err != nil {
		return err
	}
	if err := checkProofs(bundle, signed, top, entries, earlier); err != nil {
		return err
	}
	for _, path := range kept {
		if err := checkPrefix(path, vkey, top, stored); err != nil {
			return err
		}
	}
	fmt.Printf("verified %s: %d entries, root %s\n", top.origin, top.size, top.root)
	return nil
}

// openHead opens a note with note.Open and parses its text, exactly three lines, ourselves: tlog.ParseTree wants
// the name of the Go checksum database as origin, and lets more lines follow.
func openHead(signed []byte, vkey string) (head, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return head{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return head{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return head{}, errors.New("not three lines of this origin")
	}
	size, err := number(lines[1])
	if err != nil || size < 1 {
		return head{}, errors.New("no proper size")
	}
	root, err := tlog.ParseHash(lines[2])
	return head{origin: lines[0], size: size, root: root}, err
}

func readEntries(path string) ([]entry, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !bytes.HasSuffix(data, []byte("\n")) {
		return nil, errors.New("the last line has no end")
	}
	var entries []entry
	before := ""
	for i, line := range bytes.Split(data[:len(data)-1], []byte("\n")) {
		parsed, ts, err := readEntry(line, i, before)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i, err)
		}
		entries, before = append(entries, parsed), ts
	}
	return entries, nil
}

func readEntry(line []byte, index int, before string) (entry, string, error) {
	var fields map[string]interface{}
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return entry{}, "", err
	}
	// Keys sorted, no space, no key twice: for these values Go's own form is that of RFC 8785.
	if again, err := canonical(fields); err != nil || !bytes.Equal(again, line) {
		return entry{}, "", errors.New("not in canonical form")
	}
	if text, withheld := fields["redacted"].(string); withheld && len(fields) == 1 {
		leaf, err := tlog.ParseHash(text)
		return entry{leaf: leaf}, before, err
	}
	ts, _ := fields["ts"].(string)
	if fields["seq"] != json.Number(strconv.Itoa(index)) || fields["v"] != json.Number("1") || ts < before {
		return entry{}, "", errors.New("wrong version, number or time")
	}
	if !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`).MatchString(ts) {
		return entry{}, "", errors.New("no proper time")
	}
	digests := map[string]bool{}
	list, _ := fields["_sd"].([]interface{})
	for _, digest := range list {
		digests[fmt.Sprint(digest)] = true
	}
	return entry{leaf: tlog.RecordHash(line), digests: digests}, ts, nil
}

func canonical(value interface{}) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

func storeAll(entries []entry) (memory, error) {
	var stored memory
	for i, each := range entries {
		hashes, err := tlog.StoredHashesForRecordHash(int64(i), each.leaf, stored)
		if err != nil {
			return nil, err
		}
		stored = append(stored, hashes...)
	}
	return stored, nil
}

func checkDisclosures(path string, entries []entry) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil || !bytes.HasSuffix(data, []byte("\n")) {
		return errors.New("the file cannot be read, or its last line has no end")
	}
	for _, line := range bytes.Split(data[:len(data)-1], []byte("\n")) {
		var one struct {
			D   string `json:"d"`
			Seq int    `json:"seq"`
		}
		if err := json.Unmarshal(line, &one); err != nil {
			return err
		}
		sum := sha256.Sum256([]byte(one.D))
		digest := base64.RawURLEncoding.EncodeToString(sum[:])
		if one.Seq < 0 || one.Seq >= len(entries) || !entries[one.Seq].digests[digest] {
			return fmt.Errorf("one does not belong to entry %d", one.Seq)
		}
	}
	return nil
}

func checkEarlier(folder, vkey string, top head, stored memory) (map[int64]head, error) {
	earlier := map[int64]head{}
	paths, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if err := checkPrefix(path, vkey, top, stored); err != nil {
			return nil, err
		}
		signed, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		old, err := openHead(signed, vkey)
		if err != nil || strconv.FormatInt(old.size, 10) != filepath.Base(path) {
			return nil, fmt.Errorf("checkpoint %s has another size", filepath.Base(path))
		}
		earlier[old.size] = old
	}
	return earlier, nil
}

func checkPrefix(path, vkey string, top head, stored memory) error {
	signed, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	old, err := openHead(signed, vkey)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	if old.size > top.size {
		return fmt.Errorf("ROLLBACK: %d entries were known, %d are here", old.size, top.size)
	}
	if root, err := tlog.TreeHash(old.size, stored); err != nil || root != old.root {
		return fmt.Errorf("FORK: the first %d entries are others", old.size)
	}
	return nil
}

func checkProofs(bundle string, signed []byte, top head, entries []entry, earlier map[int64]head) error {
	paths, err := filepath.Glob(filepath.Join(bundle, "proofs", "*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		name := filepath.Base(path)
		if err := checkProof(path, name, signed, top, entries, earlier); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func checkProof(
	path, name string, signed []byte, top head, entries []entry, earlier map[int64]head,
) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	first, second := "c2sp.org/tlog-proof@v1\nindex ", ".tlog-proof"
	if strings.HasSuffix(name, ".consistency") {
		first, second = "old ", ".consistency"
	}
	n, hashes, err := readProof(data, first, signed)
	if err != nil {
		return err
	}
	if strconv.FormatInt(n, 10)+second != name {
		return errors.New("it is of another number than its name")
	}
	if second == ".tlog-proof" {
		if n >= top.size {
			return errors.New("no such entry")
		}
		return tlog.CheckRecord(tlog.RecordProof(hashes), top.size, top.root, n, entries[n].leaf)
	}
	old, known := earlier[n]
	if !known {
		return errors.New("its old checkpoint is missing")
	}
	return tlog.CheckTree(tlog.TreeProof(hashes), top.size, top.root, old.size, old.root)
}

func readProof(data []byte, first string, signed []byte) (int64, []tlog.Hash, error) {
	gap := bytes.Index(data, []byte("\n\n"))
	if gap < 0 || !bytes.Equal(data[gap+2:], signed) || !bytes.HasPrefix(data, []byte(first)) {
		return 0, nil, errors.New("it does not begin or end as it must")
	}
	lines := strings.Split(string(data[len(first):gap]), "\n")
	n, err := number(lines[0])
	if err != nil {
		return 0, nil, err
	}
	var hashes []tlog.Hash
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return 0, nil, err
		}
		hashes = append(hashes, hash)
	}
	return n, hashes, nil
}

func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text || n < 0 {
		return 0, errors.New("no proper number")
	}
	return n, nil
}
