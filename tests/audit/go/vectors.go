package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type tlogHash = tlog.Hash

const largest = 257

// frozen is what the default tests compare with. Leaf i is the text "leaf <i>". The two digests of a size are the
// first 16 bytes of SHA-256 over one line for each index (each old size): the number and the hashes of its proof
// in hexadecimal, separated by spaces, ended by LF.
type frozen struct {
	Leaves      string     `json:"leaves"`
	Roots       []string   `json:"roots"`
	Inclusion   []string   `json:"inclusion"`
	Consistency []string   `json:"consistency"`
	Notes       []noteCase `json:"notes"`
}

type noteCase struct {
	Seed string `json:"seed"`
	VKey string `json:"vkey"`
	Size int    `json:"size"`
	Root string `json:"root"`
	Note string `json:"note"`
}

func vectors(out io.Writer) error {
	result := frozen{Leaves: "leaf <i>"}
	var stored memory
	for n := int64(1); n <= largest; n++ {
		hashes, err := tlog.StoredHashes(n-1, []byte(fmt.Sprintf("leaf %d", n-1)), stored)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
		if err := result.add(n, stored); err != nil {
			return err
		}
	}
	for seed := byte(1); seed <= 3; seed++ {
		signed, err := signedNote(seed, result.Roots[int(seed)*40])
		if err != nil {
			return err
		}
		signed.Size = int(seed)*40 + 1
		result.Notes = append(result.Notes, signed)
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(result)
}

func (f *frozen) add(n int64, stored memory) error {
	root, err := tlog.TreeHash(n, stored)
	if err != nil {
		return err
	}
	inclusion, consistency := sha256.New(), sha256.New()
	for i := int64(0); i < n; i++ {
		proof, err := tlog.ProveRecord(n, i, stored)
		if err != nil {
			return err
		}
		fmt.Fprintln(inclusion, proofLine(i, proof))
		tree, err := tlog.ProveTree(n, i+1, stored)
		if err != nil {
			return err
		}
		fmt.Fprintln(consistency, proofLine(i+1, tlog.RecordProof(tree)))
	}
	f.Roots = append(f.Roots, hex.EncodeToString(root[:]))
	f.Inclusion = append(f.Inclusion, hex.EncodeToString(inclusion.Sum(nil)[:16]))
	f.Consistency = append(f.Consistency, hex.EncodeToString(consistency.Sum(nil)[:16]))
	return nil
}

func proofLine(number int64, proof tlog.RecordProof) string {
	line := fmt.Sprint(number)
	for _, hash := range proof {
		line += " " + hex.EncodeToString(hash[:])
	}
	return line
}

func signedNote(seed byte, rootHex string) (noteCase, error) {
	secret := bytes.Repeat([]byte{seed}, ed25519.SeedSize)
	origin := fmt.Sprintf("vault.invalid/%032x", seed)
	public := ed25519.NewKeyFromSeed(secret).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return noteCase{}, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return noteCase{}, err
	}
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", origin, verifier.KeyHash(),
		base64.StdEncoding.EncodeToString(append([]byte{1}, secret...)))
	signer, err := note.NewSigner(skey)
	if err != nil {
		return noteCase{}, err
	}
	root, err := hex.DecodeString(rootHex)
	if err != nil {
		return noteCase{}, err
	}
	body := fmt.Sprintf("%s\n%d\n%s\n", origin, int(seed)*40+1, base64.StdEncoding.EncodeToString(root))
	signed, err := note.Sign(&note.Note{Text: body}, signer)
	return noteCase{Seed: hex.EncodeToString(secret), VKey: vkey, Root: rootHex, Note: string(signed)}, err
}
