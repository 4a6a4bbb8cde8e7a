# Runs all commands of a page in one shell. $AT is the harness's folder, $ROOT stands for the root of the file system,
# $PORT is the server's port, $REPOSITORY the repository's folder.

# Runs the command with a number, and continues only when it succeeds.
run() {
    echo "$1" >"$AT/last"
    . "$AT/$1.sh" </dev/null >"$AT/$1.out" 2>&1
    local status=$?
    [ $status = 0 ] || { echo "$status" >"$AT/failed"; exit 0; }
}

# Starts a server or a runner with the command of a number or name, instead of the running one, and waits until it works.
start() {
    local kind=$1 number=$2 mark='listening on' waited=0
    [ "$kind" = runner ] && mark='registered with'
    stop "$kind"
    # What it printed when it was started before says nothing of this time.
    : >"$AT/$number.out"
    . "$AT/$number.sh" </dev/null >>"$AT/$number.out" 2>&1 &
    echo $! >"$AT/$kind.pid"
    ln -sf "$number.out" "$AT/$kind.log"
    until grep -q "$mark" "$AT/$number.out"; do
        sleep 0.05
        waited=$((waited + 1))
        if [ $waited -gt 600 ] || ! kill -0 "$(<"$AT/$kind.pid")" 2>/dev/null; then
            echo "not ready" >"$AT/failed"
            exit 0
        fi
    done
}

# Ends a server or a runner with SIGTERM, as a service manager does.
stop() {
    [ -f "$AT/$1.pid" ] || return 0
    local pid
    pid=$(<"$AT/$1.pid")
    rm "$AT/$1.pid"
    kill "$pid" 2>/dev/null
    wait "$pid" 2>/dev/null
    return 0
}
trap 'stop runner; stop server' EXIT

# Prints a value that a reader of a page takes from elsewhere: `NAME=…` in the page.
fill_in() {
    case $1 in
        SETUP_TOKEN) grep -om1 'setup_[0-9a-f]*' "$AT/server.log" ;;
        TOTP_CODE) totp "$TOTP_SECRET" ;;
        *) echo "no value known for $1" >&2; return 1 ;;
    esac
}

# Prints a code as an authenticator app shows it. The server accepts each code once, also those of the time steps before
# and after the present one: the earliest unused code avoids a wait.
totp() {
    /usr/bin/python3 - "$1" "$AT/totp-step" <<'END'
import base64, hashlib, hmac, pathlib, struct, sys, time
secret, used = sys.argv[1], pathlib.Path(sys.argv[2])
last = int(used.read_text()) if used.exists() else 0
# 25 s: the code of the previous step is avoided in its last 5 s, because the server may check it one step later.
first = int(time.time() - 25) // 30
step = max(first, last + 1)
while step > int(time.time()) // 30 + 1:
    time.sleep(0.2)
used.write_text(str(step))
digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", step), hashlib.sha1).digest()
start = digest[-1] & 15
print(f"{(struct.unpack('>I', digest[start:start + 4])[0] & 0x7fffffff) % 10**6:06}")
END
}

# Checks only that the targets of make exist (-n): other tests show what they do.
make() { command make --no-print-directory -n -C "$REPOSITORY" "$@"; }

# Stands in for another host with a folder of this one: the server's folder, with the settings at the path in systemd's
# unit, or the folder of a new host.
ssh() {
    local host=$1
    shift
    if [ "$host" = new.example ]; then
        (cd "$AT/new.example" && "$@")
        return
    fi
    mkdir -p "$ROOT/etc/challengectl"
    echo "data_dir: $PWD/data" >"$ROOT/etc/challengectl/server.yml"
    "$@"
}
scp() {
    local host=${!#}
    mkdir -p "$AT/${host%:}"
    cp "${@:1:$#-1}" "$AT/${host%:}"
}

# Does below $ROOT what root does, with the groups of $ROOT/etc/group.
install() {
    local arguments=() next=
    for word in "$@"; do
        case $next$word in
            group*) grep -q "^${word}:" "$ROOT/etc/group" || { echo "no group $word" >&2; return 1; } ;;
            -g) next=group; continue ;;
            *) arguments+=("$word") ;;
        esac
        next=
    done
    command install "${arguments[@]}"
}
systemd-sysusers() { command systemd-sysusers --root="$ROOT" "$@"; }
# Prints the command of a unit, with its paths below $ROOT.
unit() {
    local environment command
    environment=$(sed -n 's/^Environment=//p' "$1" | paste -sd ' ')
    command=$(sed -n 's/^ExecStart=//p' "$1")
    mkdir -p "$ROOT$(sed -n 's/^WorkingDirectory=//p' "$1")"
    sed -E "s#([ =])/#\\1$ROOT/#g" <<<"exec env $environment $command"
}
systemctl() {
    local kind=${!#}
    kind=${kind#challengectl-}
    case $1 in
        stop) stop "$kind" ;;
        start) start "$kind" "begin-$kind" ;;
        enable)
            systemd-analyze verify --man=no --recursive-errors=no --root="$ROOT" "challengectl-$kind.service" || return
            unit "$ROOT/etc/systemd/system/challengectl-$kind.service" >"$AT/begin-$kind.sh"
            start "$kind" "begin-$kind"
            ;;
        *) return 1 ;;
    esac
}
sudo() {
    [ "$1" = -u ] || { "$@"; return; }
    grep -q "^$2:" "$ROOT/etc/passwd" || { echo "no user $2" >&2; return 1; }
    shift 2
    env "$@"
}

# Starts a server with an event, as earlier pages do.
with_server() {
    cp -r config/challenges.yml config/audio .
    challengectl-server import challenges.yml || return
    start server begin-server
}

# Does the same and logs an administrator in, with the cookies in cookies.txt.
with_operator() {
    with_server || return
    local made
    made=$(challengectl-server user add alice --role master --json) || return
    PASSWORD=$(jq -r .password <<<"$made")
    TOTP_SECRET=$(jq -r .totp_secret <<<"$made")
    SERVER=http://127.0.0.1:$PORT
    made=$(curl -sS "$SERVER/api/auth/login" --json "{\"username\": \"alice\", \"password\": \"$PASSWORD\"}") || return
    local token
    token=$(jq -r .temp_token <<<"$made")
    curl -sSf -o "$AT/login" -c cookies.txt "$SERVER/api/auth/verify-totp" \
        --json "{\"temp_token\": \"$token\", \"totp_code\": \"$(totp "$TOTP_SECRET")\"}"
}
