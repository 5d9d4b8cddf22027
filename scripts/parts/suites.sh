# shellcheck shell=bash
# The test suites: each folder of test/ that holds *.test.ts. Sourced by test.sh.

# One test may bring up ten containers on a small machine; none that works takes longer than this.
TEST_LIMIT_MS=300000

PASSED=0
FAILED=0
PROBLEMS=()

all_suites() { find "$ROOT/test" -name '*.test.ts' -printf '%P\n' | cut -d / -f 1 | sort -u; }

# run_suite NAME: runs one suite and adds up. Files run one after the other: they share one engine and two cores.
run_suite() {
	local suite="$1" log status=0 files
	mapfile -t files < <(find "$ROOT/test/$suite" -name '*.test.ts' 2>/dev/null | sort)
	((${#files[@]} > 0)) || fail "there is no suite $suite" "There are: $(all_suites | tr '\n' ' ')"
	say "suite $suite"
	log="$(mktemp -t berth-test.XXXXXX)"
	node --test --test-concurrency=1 --test-timeout="$TEST_LIMIT_MS" --test-reporter=spec "${files[@]}" 2>&1 | tee "$log" || status=$?
	local tests passed missed
	tests="$(count tests "$log")"
	passed="$(count pass "$log")"
	missed=$(($(count skipped "$log") + $(count todo "$log")))
	((PASSED += passed, FAILED += tests - passed, 1))
	((tests > 0)) || PROBLEMS+=("suite $suite ran no test")
	((missed == 0)) || PROBLEMS+=("suite $suite skipped $missed tests")
	((status == 0)) || PROBLEMS+=("suite $suite failed")
	rm -f "$log"
}

# count WHAT LOG: a figure of the runner's closing lines, 0 where there is none.
count() { grep -oP "^ℹ $1 \K\d+" "$2" | tail -n 1 | grep . || echo 0; }

# things_of_tests: what test pools have at the engine now.
things_of_tests() {
	docker ps --all --format '{{.Names}}' --filter name=^berth-test- | sort
	docker network ls --format '{{.Name}}' --filter name=^berth-test- | sort
	docker volume ls --quiet --filter name=^berth-test- | sort
}

# note_what_is_there: an earlier run that was cut off may have left things; they are not this run's.
note_what_is_there() { THERE_BEFORE="$(things_of_tests)"; }

# find_leftovers: whatever this run's test pools left at the engine is a bug of a test.
find_leftovers() {
	local left
	left="$(grep -vxFf <(printf '%s\n' "${THERE_BEFORE:-none}") <(things_of_tests) || true)"
	[[ -z "$left" ]] || PROBLEMS+=("left at the engine: $(tr '\n' ' ' <<<"$left")")
}

# report SECONDS: the closing lines; fails where anything was wrong.
report() {
	local problem
	note "took $1 s"
	for problem in "${PROBLEMS[@]}"; do printf '\033[1;31mproblem:\033[0m %s\n' "$problem"; done
	printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
	((${#PROBLEMS[@]} == 0 && FAILED == 0))
}
