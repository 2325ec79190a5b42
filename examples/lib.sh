# What the examples share; sourced, not run, with the arguments of the example. Afterwards:
#
#   $work    a temporary directory, removed at the end (--keep leaves it, and says where it is)
#   $plugin  the plugin, where the broker's user can read it; $owner: options for `sqlauth init`
#   PATH     has sqlauth and mosquitto
#
# Installs what is missing (Debian packages) and builds below build/quickstart. SQLAUTH_BUILD names a build tree that is
# ready, and then nothing is installed or built. Ends the processes whose ids stand in $pids, and no others.
set -euo pipefail

example=$(basename "$(dirname "$0")")
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
keep=false
case ${1:-} in
'') ;;
--keep) keep=true ;;
*)
	echo "usage: examples/$example/run [--keep]" >&2
	exit 2
	;;
esac

bold='' plain_text=''
if [ -t 1 ]; then bold=$'\033[1m' plain_text=$'\033[0m'; fi

build=${SQLAUTH_BUILD:-}
if [ -z "$build" ]; then
	"$top/tests/support/install-packages" quickstart
	build=$top/build/quickstart
	echo "== building (log: build/quickstart.log)"
	mkdir -p "$top/build"
	{ cmake -G Ninja -S "$top" -B "$build" && cmake --build "$build"; } >"$top/build/quickstart.log" 2>&1 || {
		cat "$top/build/quickstart.log"
		exit 1
	}
fi
PATH=$build:$PATH:/usr/sbin:/usr/local/sbin

pids=()
work=$(mktemp -d "${TMPDIR:-/tmp}/sqlauth-$example.XXXXXX")
cleanup() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
	done
	if $keep; then echo "== kept: $work"; else rm -rf "$work"; fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# As root, the broker gives its privileges up: what it reads and writes belongs to the user it becomes, also the plugin,
# because that user may not enter the directory of this clone.
plugin=$work/mosquitto_sqlauth.so
cp "$build/mosquitto_sqlauth.so" "$plugin"
owner=()
if [ "$(id -u)" = 0 ]; then
	chown mosquitto "$work"
	owner=(--owner mosquitto)
fi

step() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain_text"; }

typed() { printf '%s$ %s%s\n' "$bold" "$*" "$plain_text"; }

# Prints a command as one would type it (the connection's details left out), runs it, shows what it says.
show() {
	typed "$1"
	shift
	"$@" 2>&1 | sed 's/^/  /' || true
}

# What should have been seen and was not: shows the brokers' logs and ends the example with a failure.
fail() {
	local log
	echo "$example: $*" >&2
	for log in "$work"/*.log; do
		[ ! -e "$log" ] || sed "s|^|$(basename "$log"): |" "$log" >&2
	done
	exit 1
}

# Waits until FILE has a line with PATTERN; fails after ten seconds, or after as many as are given.
wait_for() {
	local file=$1 pattern=$2 seconds=${3:-10} i
	for ((i = 0; i < seconds * 10; i++)); do
		if grep -qF -- "$pattern" "$file" 2>/dev/null; then return; fi
		sleep 0.1
	done
	fail "'$pattern' did not come in $file"
}

# Compares what FILE holds at the end with what it should hold.
expect() {
	if [ "$(cat "$1")" != "$2" ]; then
		cat "$1" >&2
		fail "$(basename "$1") should be: $2"
	fi
}

# Ports in use are passed over. Below those that the kernel gives to outgoing connections.
free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

authority() { # NAME SUBJECT: a certificate authority, $work/NAME.crt
	openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "$2" -keyout "$work/$1.key" -out "$work/$1.crt" 2>/dev/null
}

issue() { # AUTHORITY NAME SUBJECT [EXTENSIONS]: a certificate of that authority, $work/NAME.crt
	openssl req -newkey rsa:2048 -nodes -subj "$3" -keyout "$work/$2.key" -out "$work/$2.csr" 2>/dev/null
	openssl x509 -req -in "$work/$2.csr" -CA "$work/$1.crt" -CAkey "$work/$1.key" -CAcreateserial -days 30 \
		-extfile <(echo "${4:-basicConstraints=CA:FALSE}") -out "$work/$2.crt" 2>/dev/null
}

server_certificate() { # AUTHORITY: $work/server.crt, whose key the broker's user can read
	issue "$1" server /CN=localhost subjectAltName=DNS:localhost,IP:127.0.0.1
	if [ "$(id -u)" = 0 ]; then chown mosquitto "$work/server.key"; fi
}

# configure NAME [WORD=VALUE]...: the example's NAME.conf, or else its mosquitto.conf, with @WORD@ filled in, also @work@
# and @plugin@, becomes $work/NAME.conf, with its log in $work/NAME.log. Shows it, but for the first line, which points here.
configure() {
	local name=$1 template=$here/$1.conf pair script
	[ -e "$template" ] || template=$here/mosquitto.conf
	script="s|@work@|$work|g; s|@plugin@|$plugin|g; s|@log@|$work/$name.log|g"
	shift
	for pair in "$@"; do script+="; s|@${pair%%=*}@|${pair#*=}|g"; done
	sed "$script" "$template" >"$work/$name.conf"
	sed "1d; s|$work/||; s/^/  /" "$work/$name.conf"
}

# The plugin's own lines of a broker's log since the last call, without time stamps, once one of them has PATTERN.
declare -A seen=()
broker_says() { # NAME PATTERN
	local log=$work/$1.log from=${seen[$1]:-0} total i
	for ((i = 0; i < 100; i++)); do
		if tail -n "+$((from + 1))" "$log" | grep -qF -- "$2"; then break; fi
		sleep 0.1
	done
	[ "$i" -lt 100 ] || fail "the broker did not say '$2'"
	total=$(wc -l <"$log")
	sed -n "$((from + 1)),$total s/^[0-9]*: \\(sqlauth: .*\\)/  $1: \\1/p" "$log"
	seen[$1]=$total
}

# Starts the broker of $work/NAME.conf, waits until it serves, and shows what the plugin, where there is one, says about that.
start_broker() {
	mosquitto -c "$work/$1.conf" 2>"$work/$1.err" &
	pids+=($!)
	wait_for "$work/$1.log" running
	if grep -q ^plugin "$work/$1.conf"; then broker_says "$1" "sqlauth: version"; fi
}
