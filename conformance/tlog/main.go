// Command tlog judges checkpoints, tiles and proofs with the Go project's own sumdb packages, which share no code with ours.
// It reads one JSON document from standard input and writes one verdict per check to standard output.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type head struct {
	Size int64  `json:"size"`
	Root []byte `json:"root"`
}

// One thing to judge. Which fields are set follows from kind.
type check struct {
	Kind   string   `json:"kind"` // note, tree, tile, inclusion, consistency
	Note   string   `json:"note"`
	Head   head     `json:"head"`
	Old    head     `json:"old"`
	Leaves [][]byte `json:"leaves"` // entries from the first on
	Leaf   []byte   `json:"leaf"`
	Index  int64    `json:"index"`
	Hashes [][]byte `json:"hashes"`
	Level  int      `json:"level"`
	N      int64    `json:"n"`
	Width  int      `json:"width"`
	Bytes  []byte   `json:"bytes"`
}

type request struct {
	Key    string  `json:"key"`
	Checks []check `json:"checks"`
}

func main() {
	var asked request
	if err := json.NewDecoder(os.Stdin).Decode(&asked); err != nil {
		fmt.Fprintln(os.Stderr, "tlog: not a request:", err)
		os.Exit(2)
	}
	verdicts := make([]string, len(asked.Checks))
	for i, one := range asked.Checks {
		if err := judge(asked.Key, one); err != nil {
			verdicts[i] = err.Error()
		}
	}
	json.NewEncoder(os.Stdout).Encode(verdicts)
}

func judge(key string, one check) error {
	switch one.Kind {
	case "note":
		return judgeNote(key, one)
	case "tree":
		return judgeTree(one)
	case "tile":
		return judgeTile(one)
	case "inclusion":
		return tlog.CheckRecord(proof(one.Hashes), one.Head.Size, hash(one.Head.Root), one.Index, tlog.RecordHash(one.Leaf))
	case "consistency":
		return tlog.CheckTree(proof(one.Hashes), one.Head.Size, hash(one.Head.Root), one.Old.Size, hash(one.Old.Root))
	}
	return fmt.Errorf("no such check: %s", one.Kind)
}

// A checkpoint's signature, and that its text says what we were told it says.
func judgeNote(key string, one check) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	opened, err := note.Open([]byte(one.Note), note.VerifierList(verifier))
	if err != nil {
		return err
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return err
	}
	if lines[0] != verifier.Name() || size != one.Head.Size || root != hash(one.Head.Root) {
		return fmt.Errorf("the checkpoint states something else")
	}
	return nil
}

// The root over all leaves.
func judgeTree(one check) error {
	stored, err := store(one.Leaves)
	if err != nil {
		return err
	}
	root := tlog.Hash(sha256.Sum256(nil))
	if len(one.Leaves) > 0 {
		root, err = tlog.TreeHash(int64(len(one.Leaves)), stored)
	}
	if err == nil && (int64(len(one.Leaves)) != one.Head.Size || root != hash(one.Head.Root)) {
		err = fmt.Errorf("another root")
	}
	return err
}

// One hash tile over the leaves.
func judgeTile(one check) error {
	stored, err := store(one.Leaves)
	if err != nil {
		return err
	}
	made, err := tlog.ReadTileData(tlog.Tile{H: 8, L: one.Level, N: one.N, W: one.Width}, stored)
	if err == nil && string(made) != string(one.Bytes) {
		err = fmt.Errorf("another tile")
	}
	return err
}

func store(leaves [][]byte) (tlog.HashReader, error) {
	var all []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			if index >= int64(len(all)) {
				return nil, fmt.Errorf("no such hash")
			}
			out[i] = all[index]
		}
		return out, nil
	})
	for i, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(i), leaf, reader)
		if err != nil {
			return nil, err
		}
		all = append(all, hashes...)
	}
	return reader, nil
}

func proof(hashes [][]byte) []tlog.Hash {
	out := make([]tlog.Hash, len(hashes))
	for i, one := range hashes {
		out[i] = hash(one)
	}
	return out
}

func hash(bytes []byte) tlog.Hash {
	var out tlog.Hash
	copy(out[:], bytes)
	return out
}
