# One shell for all commands of a page. $AT is the harness's folder, $ROOT stands for the root of the file system,
# $PORT is the server's port, $REPOSITORY the repository's folder.

# Runs the command of a number, and goes on only when it succeeds.
run() {
    echo "$1" >"$AT/last"
    . "$AT/$1.sh" </dev/null >"$AT/$1.out" 2>&1
    local status=$?
    [ $status = 0 ] || { echo "$status" >"$AT/failed"; exit 0; }
}

# Starts a server or a runner by the command of a number or name, in the place of one that runs, and waits until it is at
# work.
start() {
    local kind=$1 number=$2 mark='listening on' waited=0
    [ "$kind" = runner ] && mark='registered with'
    stop "$kind"
    . "$AT/$number.sh" </dev/null >"$AT/$number.out" 2>&1 &
    echo $! >"$AT/$kind.pid"
    ln -sf "$number.out" "$AT/$kind.log"
    until grep -q "$mark" "$AT/$number.out"; do
        sleep 0.05
        waited=$((waited + 1))
        if [ $waited -gt 600 ] || ! kill -0 "$(<"$AT/$kind.pid")" 2>/dev/null; then
            echo "not at work" >"$AT/failed"
            exit 0
        fi
    done
}

# Ends a server or a runner as a service manager does.
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

# What people read somewhere else and fill in: `NAME=…` in a page.
fill_in() {
    case $1 in
        SETUP_TOKEN) grep -om1 'setup_[0-9a-f]*' "$AT/server.log" ;;
        TOTP_CODE) totp "$TOTP_SECRET" ;;
        *) echo "nobody knows what to fill in for $1" >&2; return 1 ;;
    esac
}

# A code as an authenticator app shows it. Each is good once, and so are those of the time step before and after: the
# earliest that was not used yet, so that nobody has to wait.
totp() {
    /usr/bin/python3 - "$1" "$AT/totp-step" <<'END'
import base64, hashlib, hmac, pathlib, struct, sys, time
secret, used = sys.argv[1], pathlib.Path(sys.argv[2])
last = int(used.read_text()) if used.exists() else 0
# Not the step before in its last seconds: the server may read the code in the next one.
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

# make: whether the goals are there; what they do is tested by itself.
make() { command make --no-print-directory -n -C "$REPOSITORY" "$@"; }

# Another host is a folder of this one: the server's own one, with its settings where systemd's unit has them, or one of a
# new host.
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

# What root does happens below $ROOT, where groups are those of its own files.
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
# What a unit runs, below $ROOT.
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

# What the pages before made: a server that runs, with an event.
with_server() {
    cp -r config/challenges.yml config/audio .
    challengectl-server import challenges.yml || return
    start server begin-server
}

# And an administrator who is logged in, with the cookies in cookies.txt.
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
