package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"unicode/utf16"
)

var integer = whole(`0|-?[1-9][0-9]{0,15}`)

// parse reads a value in the form of RFC 8785 under the rules of section 3: whole numbers below 2^53, no key twice.
func parse(data []byte) (interface{}, error) {
	var value interface{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := write(&out, value); err != nil {
		return nil, err
	}
	if !bytes.Equal(out.Bytes(), data) {
		return nil, errors.New("not in canonical form")
	}
	return value, nil
}

func write(out *bytes.Buffer, value interface{}) error {
	switch v := value.(type) {
	case nil:
		out.WriteString("null")
	case bool:
		fmt.Fprint(out, v)
	case json.Number:
		return writeNumber(out, v)
	case string:
		writeText(out, v)
	case []interface{}:
		return writeList(out, v)
	case map[string]interface{}:
		return writeObject(out, v)
	}
	return nil
}

func writeNumber(out *bytes.Buffer, number json.Number) error {
	n, err := number.Int64()
	if err != nil || !integer.MatchString(number.String()) || n <= -(1<<53) || n >= 1<<53 {
		return errors.New("a number that is not whole and below 2^53")
	}
	out.WriteString(number.String())
	return nil
}

func writeList(out *bytes.Buffer, list []interface{}) error {
	out.WriteByte('[')
	for i, item := range list {
		if i > 0 {
			out.WriteByte(',')
		}
		if err := write(out, item); err != nil {
			return err
		}
	}
	out.WriteByte(']')
	return nil
}

func writeObject(out *bytes.Buffer, object map[string]interface{}) error {
	names := make([]string, 0, len(object))
	for name := range object {
		names = append(names, name)
	}
	sort.Slice(names, func(i, j int) bool { return isBefore(names[i], names[j]) })
	out.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			out.WriteByte(',')
		}
		writeText(out, name)
		out.WriteByte(':')
		if err := write(out, object[name]); err != nil {
			return err
		}
	}
	out.WriteByte('}')
	return nil
}

// isBefore orders keys by their UTF-16 code units, as RFC 8785 does.
func isBefore(one, other string) bool {
	a, b := utf16.Encode([]rune(one)), utf16.Encode([]rune(other))
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return len(a) < len(b)
}

var escaped = regexp.MustCompile(`["\\\x00-\x1f]`)

var short = map[string]string{
	"\"": `\"`, "\\": `\\`, "\b": `\b`, "\f": `\f`, "\n": `\n`, "\r": `\r`, "\t": `\t`,
}

func writeText(out *bytes.Buffer, text string) {
	out.WriteByte('"')
	out.WriteString(escaped.ReplaceAllStringFunc(text, func(found string) string {
		if known, ok := short[found]; ok {
			return known
		}
		return fmt.Sprintf(`\u%04x`, found[0])
	}))
	out.WriteByte('"')
}
