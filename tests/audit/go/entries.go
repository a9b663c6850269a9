package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

type entry struct {
	leaf     tlog.Hash
	kind     string
	withheld bool
	digests  map[string]bool
}

// keys of each type that stand in clear (section 7); one that ends in a question mark may be absent.
var keys = map[string]string{
	"log.genesis": "app checkpoint?", "log.recovered": "app checkpoint?", "export": "profile", "record.import": "count?", "record.erase": "count?",
	"consent.grant": "consent expires method", "consent.withdraw": "consent expires? method?",
	"consent.expire": "consent expires? method?", "requester.add": "", "requester.trust": "", "requester.block": "",
	"requester.rename": "", "request.received": "request", "request.approve": "request", "request.refuse": "request",
	"request.expire": "request", "request.return": "request", "campaign.received": "campaign", "campaign.refuse": "campaign",
	"campaign.join": "campaign consent", "campaign.leave": "campaign", "campaign.round": "campaign request round",
	"campaign.model": "campaign", "campaign.fork": "campaign",
	"decision": "request outcome reason",
	"training.run": "run request status epsilon delta steps", "run.failed": "run reason charged",
	"budget.spend": "run epsilon accountant", "release.intent": "run release?", "release.approve": "run release?",
	"release.withhold": "run release?", "release.expire": "run release?", "release.destroy": "run release?",
	"release.sent": "run release? manifest_sha256 update_sha256 size", "access.view": "", "settings.change": "",
	"vault.unlock": "", "vault.lock": "", "access.denied": "",
}

const randomID, digits64, decimal = `[0-9a-f]{32}`, `[0-9a-f]{64}`, `(0|[1-9][0-9]{0,8})(\.[0-9]{1,12})?`

// texts is the form of each clear value that is a text and not a time.
var texts = map[string]*regexp.Regexp{
	"campaign": whole(randomID), "consent": whole(randomID), "request": whole(randomID), "run": whole(randomID), "release": whole(randomID),
	"manifest_sha256": whole(digits64), "update_sha256": whole(digits64), "epsilon": whole(decimal), "delta": whole(decimal),
	"count":      whole(`0|1-9|10*-9*`),
	"checkpoint": whole(`[!-*,-~]{1,80}\n[1-9][0-9]{0,15}\n[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=\n`),
	"app":        whole(`[A-Za-z0-9][A-Za-z0-9 .+-]{0,39}`),
	"accountant": whole(`[A-Za-z0-9][A-Za-z0-9 ._+-]{0,59}`),
	"outcome":    whole(`permit|deny`),
	"status":     whole(`ready|approved|training|held`),
	"method":     whole(`clock|command|request|terminal`),
	"profile":    whole(`audit|audit-disclosed|backup|card|receipt|records`),
}

var reasons = map[string]*regexp.Regexp{
	"decision": whole(`empty-scope|expired|field-not-named|granted|internal|no-grant|not-yet-valid|other-campaign|other-collection|` +
		`other-field-missing|other-operation|other-purpose|other-requester|other-unit|outside-window|over-epsilon-cap|` +
		`requester-blocked|used-up|withdrawn`),
	"run.failed": whole(`budget|consent|damaged|internal|interrupted|learner|no-records|sandbox|withdrawn`),
}

var instant = whole(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`)

func whole(pattern string) *regexp.Regexp { return regexp.MustCompile(`^(?:` + pattern + `)$`) }

func readEntries(data []byte) ([]entry, error) {
	lines, err := linesOf(data)
	if err != nil || len(lines) == 0 {
		return nil, errors.New("there is none, or the last line has no end")
	}
	var entries []entry
	before := ""
	for i, line := range lines {
		parsed, ts, err := readEntry(line, i)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i, err)
		}
		if !parsed.withheld && ts < before {
			return nil, fmt.Errorf("line %d: earlier than the one before", i)
		}
		if !parsed.withheld {
			before = ts
		}
		entries = append(entries, parsed)
	}
	return entries, nil
}

func readEntry(line []byte, index int) (entry, string, error) {
	value, err := parse(line)
	fields, isObject := value.(map[string]interface{})
	if err != nil || !isObject {
		return entry{}, "", errors.New("no object in canonical form")
	}
	if text, withheld := fields["redacted"].(string); withheld && len(fields) == 1 {
		leaf, err := hash(text)
		return entry{leaf: leaf, withheld: true}, "", err
	}
	ts, kind := textOf(fields["ts"]), textOf(fields["type"])
	if fields["seq"] != json.Number(strconv.Itoa(index)) || fields["v"] != json.Number("1") || !isTime(ts) {
		return entry{}, "", errors.New("wrong version, number or time")
	}
	if (index == 0) != (kind == "log.genesis") {
		return entry{}, "", errors.New("a trail begins with its genesis, and only there")
	}
	digests, err := readDigests(fields)
	if err != nil {
		return entry{}, "", err
	}
	for _, known := range []string{"v", "seq", "type", "ts", "_sd", "_sd_alg"} {
		delete(fields, known)
	}
	return entry{leaf: tlog.RecordHash(line), kind: kind, digests: digests}, ts, checkClear(kind, fields)
}

func readDigests(fields map[string]interface{}) (map[string]bool, error) {
	list, hasList := fields["_sd"]
	alg, hasAlg := fields["_sd_alg"]
	if !hasList && !hasAlg {
		return nil, nil
	}
	items, isList := list.([]interface{})
	if !isList || len(items) == 0 || alg != "sha-256" {
		return nil, errors.New("no proper commitments")
	}
	digests, last := map[string]bool{}, ""
	for _, item := range items {
		digest := textOf(item)
		if data, err := base64url(digest); err != nil || len(data) != 32 || digest <= last {
			return nil, errors.New("commitments that are no digests in their one spelling, sorted, none twice")
		}
		digests[digest], last = true, digest
	}
	return digests, nil
}

func checkClear(kind string, clear map[string]interface{}) error {
	listed, known := keys[kind]
	if !known {
		return errors.New("a type that is not in the list")
	}
	left := len(clear)
	for _, key := range strings.Fields(listed) {
		name := strings.TrimSuffix(key, "?")
		value, here := clear[name]
		if !here && name == key {
			return fmt.Errorf("no %s", name)
		}
		if here {
			left--
			if !hasShape(kind, name, value) {
				return fmt.Errorf("%s has another shape", name)
			}
		}
	}
	if left != 0 {
		return errors.New("a key in clear that its type does not have")
	}
	return nil
}

func isClear(kind, name string) bool {
	for _, key := range strings.Fields(keys[kind]) {
		if strings.TrimSuffix(key, "?") == name {
			return true
		}
	}
	return false
}

func hasShape(kind, key string, value interface{}) bool {
	switch key {
	case "round", "steps", "size":
		n, isNumber := value.(json.Number)
		return isNumber && !strings.HasPrefix(n.String(), "-") && (key != "round" || n.String() != "0")
	case "charged":
		_, isBool := value.(bool)
		return isBool
	}
	text, isText := value.(string)
	switch {
	case !isText:
		return false
	case key == "expires":
		return isTime(text)
	case key == "reason":
		return reasons[kind].MatchString(text)
	case key == "count" && strings.HasPrefix(text, "10"):
		low, high, _ := strings.Cut(text, "-")
		return len(low) == len(high) && len(low) <= 15 && texts[key].MatchString(text)
	}
	return texts[key].MatchString(text)
}

// isTime says whether a text is a time that exists. time.Parse alone would let fractions of a second pass.
func isTime(text string) bool {
	_, err := time.Parse("2006-01-02T15:04:05Z", text)
	return err == nil && instant.MatchString(text) && text >= "0001"
}

func textOf(value interface{}) string {
	text, _ := value.(string)
	return text
}

func linesOf(data []byte) ([][]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if data[len(data)-1] != '\n' {
		return nil, errors.New("the last line has no end")
	}
	return bytes.Split(data[:len(data)-1], []byte("\n")), nil
}

// base64url decodes the one spelling of section 5 of RFC 4648 without padding; Go's own decoder skips line ends.
func base64url(text string) ([]byte, error) {
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodeToString(data) != text {
		return nil, errors.New("not base64url in its one spelling")
	}
	return data, nil
}

// hash reads 32 bytes in the one spelling of section 4 of RFC 4648.
func hash(text string) (tlog.Hash, error) {
	parsed, err := tlog.ParseHash(text)
	if err != nil || parsed.String() != text {
		return tlog.Hash{}, errors.New("no hash in its one spelling")
	}
	return parsed, nil
}
