#!/bin/sh
# Makes the virtual environment that drivewatch runs in:   venv.sh VENV DOWNLOADED [PYTHON]
# It uses PYTHON, else Python 3.12, 3.11 or 3.10 from the PATH, else the one in the folder DOWNLOADED. Where there is
# none, uv downloads Python 3.12 into DOWNLOADED, where the next call finds it.
set -eu
venv=$1 downloaded=$2 named=${3-}
lock=${0%/*}/../requirements.lock
by_name="or name one:  make setup PYTHON=/path/to/python3.12"

fail() {
    printf 'error: %s;\n%s\n' "$1" "$2" >&2
    exit 1
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

is_supported() {
    case $(version_of "$1") in
    3.10 | 3.11 | 3.12) ;;
    *) return 1 ;;
    esac
}

# Debian packs ensurepip apart from Python, and an interpreter built without ssl cannot download
can_make_venv() {
    "$1" -c 'import ensurepip, ssl, venv' 2>/dev/null
}

check_named() {
    version=$(version_of "$named") ||
        fail "PYTHON=$named does not start" "give the path of a Python 3.10, 3.11 or 3.12, or leave PYTHON= out"
    is_supported "$named" ||
        fail "PYTHON=$named is Python $version, and mediapipe 0.10.18 has wheels for 3.10, 3.11 and 3.12 only" \
            "give the path of one of these, or leave PYTHON= out: make then finds or downloads one"
    can_make_venv "$named" ||
        fail "PYTHON=$named lacks ensurepip, ssl or venv" "run:  sudo apt install python$version-venv"
}

# Sets python
find_python() {
    for python in python3.12 python3.11 python3.10 python3 "$downloaded"/*/bin/python3.12; do
        if is_supported "$python" && can_make_venv "$python"; then
            return
        fi
    done
    return 1
}

# uv's own variables name a mirror: UV_PYTHON_INSTALL_MIRROR or UV_PYTHON_DOWNLOADS_JSON_URL
install_with_uv() {
    output=$(UV_PYTHON_INSTALL_DIR=$downloaded "$downloaded/uv/bin/uv" --no-cache --no-progress \
        python install --no-bin 3.12 2>&1) || {
        printf '%s\n' "$output" >&2
        return 1
    }
}

# The uv of the tests' lock, by its hashes; what an interrupted download left is removed first
download_python() {
    rm -rf "$downloaded" &&
        python3 -m venv "$downloaded/uv" &&
        sed -n '/^uv==/,/[^\\]$/p' "$lock" | "$downloaded/uv/bin/python" -m pip install --quiet \
            --disable-pip-version-check --require-hashes --only-binary :all: -r /dev/stdin &&
        install_with_uv &&
        rm -rf "$downloaded/uv" &&
        find_python
}

if [ -n "$named" ]; then
    check_named
    python=$named
elif ! find_python; then
    can_make_venv python3 ||
        fail "no Python 3.10, 3.11 or 3.12 that can make a virtual environment, nor a python3 to download one with" \
            "run:  sudo apt install python3 python3-venv   $by_name"
    echo "no Python 3.10, 3.11 or 3.12 here: uv downloads Python 3.12 into $downloaded (about 50 MB, once)"
    download_python || fail "Python 3.12 could not be downloaded" "run the same command again, $by_name"
fi
echo "setting up $venv with $("$python" --version)"
"$python" -m venv --clear "$venv" || {
    rm -rf "$venv"
    fail "$python cannot make a virtual environment" "see above for the reason"
}
