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

func verify(bundle, vkey string, kept []string, mayWithhold bool) error {
	signed, err := os.ReadFile(filepath.Join(bundle, "checkpoint"))
	if err != nil {
		return err
	}
	top, err := openHead(signed, vkey)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := checkKeys(filepath.Join(bundle, "log.vkey"), vkey); err != nil {
		return fmt.Errorf("log.vkey: %w", err)
	}
	data, err := os.ReadFile(filepath.Join(bundle, "entries.jsonl"))
	if err != nil {
		return err
	}
	entries, err := readEntries(data)
	if err != nil {
		return fmt.Errorf("entries: %w", err)
	}
	for i, each := range entries {
		if each.withheld && !mayWithhold {
			return fmt.Errorf("entry %d is withheld", i)
		}
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
	if err := checkSignatureLines(signed, len(opened.Text)); err != nil {
		return head{}, err
	}
	root, err := hash(lines[2])
	return head{origin: lines[0], size: size, root: root}, err
}

// checkSignatureLines wants each line behind the signed text in its one spelling, at most 100, none twice; note.Open
// passes over a line that comes again, and over stray bits in the base64 of any.
func checkSignatureLines(signed []byte, text int) error {
	lines, err := linesOf(signed[text+1:])
	if err != nil || len(lines) == 0 || len(lines) > 100 {
		return errors.New("no proper signature lines")
	}
	seen := map[string]bool{}
	for _, line := range lines {
		parts := strings.Split(string(line), " ")
		if len(parts) != 3 || parts[0] != "\u2014" || seen[string(line)] {
			return errors.New("a signature line that is none, or comes twice")
		}
		blob, err := base64.StdEncoding.DecodeString(parts[2])
		if err != nil || base64.StdEncoding.EncodeToString(blob) != parts[2] {
			return errors.New("a signature that is not base64 in its one spelling")
		}
		seen[string(line)] = true
	}
	return nil
}

func checkKeys(path, vkey string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines, err := linesOf(data)
	if err != nil || len(lines) == 0 || string(lines[0]) != vkey {
		return errors.New("it names another key than the one you trust")
	}
	for _, line := range lines {
		if _, err := note.NewVerifier(string(line)); err != nil {
			return err
		}
	}
	return nil
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
	if err != nil {
		return err
	}
	lines, err := linesOf(data)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, line := range lines {
		seq, name, err := checkDisclosure(line, entries)
		if err != nil {
			return err
		}
		if place := fmt.Sprint(seq, name); names[place] {
			return fmt.Errorf("a name is disclosed twice of entry %d", seq)
		} else {
			names[place] = true
		}
	}
	return nil
}

var hiddenName, saltText = whole(`[a-z][a-z0-9_]{0,39}`), whole(`[A-Za-z0-9_-]{22}`)

func checkDisclosure(line []byte, entries []entry) (int64, string, error) {
	value, err := parse(line)
	fields, isObject := value.(map[string]interface{})
	number, isNumber := fields["seq"].(json.Number)
	d, isText := fields["d"].(string)
	if err != nil || !isObject || !isNumber || !isText || len(fields) != 2 {
		return 0, "", errors.New("a line that is none")
	}
	seq, err := number.Int64()
	if err != nil || seq < 0 || seq >= int64(len(entries)) || entries[seq].withheld {
		return 0, "", errors.New("one is of an entry that is not there")
	}
	name, err := openDisclosure(d)
	sum := sha256.Sum256([]byte(d))
	if err != nil || !entries[seq].digests[base64.RawURLEncoding.EncodeToString(sum[:])] {
		return 0, "", fmt.Errorf("one does not belong to entry %d", seq)
	}
	if isClear(entries[seq].kind, name) {
		return 0, "", fmt.Errorf("one has the name of a clear key of entry %d", seq)
	}
	return seq, name, nil
}

func openDisclosure(d string) (string, error) {
	data, err := base64url(d)
	if err != nil {
		return "", err
	}
	value, err := parse(data)
	parts, isList := value.([]interface{})
	if err != nil || !isList || len(parts) != 3 {
		return "", errors.New("not a salt, a name and a value")
	}
	salt, name := textOf(parts[0]), textOf(parts[1])
	if _, err := base64url(salt); err != nil || !saltText.MatchString(salt) || !hiddenName.MatchString(name) {
		return "", errors.New("no proper salt or name")
	}
	return name, nil
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
		one, err := hash(line)
		if err != nil {
			return 0, nil, err
		}
		hashes = append(hashes, one)
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
