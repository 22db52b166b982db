# Sourced by ./pg and ./build. find_jdk prints the home of a JDK that can build and run pg, or says on stderr what to install.
#
# JAVA_HOME wins, then the java on PATH, then the newest of the usual install folders. Versions are read from each JDK's
# `release` file, since asking `java -version` of every candidate would cost a JVM start each.

# 25.0.3 is the first 25 whose pinned arrays are safe from the garbage collector (JDK-8377811).
jdk_minimum=25.0.3

# jdk_rank VERSION: sets rank to a number that orders versions, 0 for what is no version.
jdk_rank() {
    major=${1%%.*} rest=${1#"${1%%.*}"}
    rest=${rest#.}
    minor=${rest%%.*} rest=${rest#"${rest%%.*}"}
    rest=${rest#.}
    patch=${rest%%.*}
    major=${major%%[!0-9]*} minor=${minor%%[!0-9]*} patch=${patch%%[!0-9]*}
    rank=$((${major:-0} * 1000000 + ${minor:-0} * 1000 + ${patch:-0}))
}

# jdk_look HOME: sets version and rank of the JDK in that folder, rank 0 if none is there.
jdk_look() {
    version='' rank=0
    [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
    while IFS='=' read -r key value; do
        [ "$key" = JAVA_VERSION ] || continue
        version=${value#\"} version=${version%\"}
        jdk_rank "$version"
        return 0
    done <"$1/release"
}

# The home of the java on PATH, symbolic links followed.
jdk_on_path() {
    java=$(command -v java) || return 0
    while [ -h "$java" ]; do
        link=$(readlink "$java")
        case $link in
        /*) java=$link ;;
        *) java=${java%/*}/$link ;;
        esac
    done
    printf '%s\n' "${java%/bin/java}"
}

# JDK_FOLDERS, a list of folders parted by colons, replaces the usual install folders.
find_jdk() {
    jdk_rank "$jdk_minimum"
    needed=$rank
    for home in "${JAVA_HOME-}" "$(jdk_on_path)"; do
        jdk_look "$home"
        if [ "$rank" -ge "$needed" ]; then
            printf '%s\n' "$home"
            return 0
        fi
    done

    best='' best_rank=0 best_version=''
    usual=/usr/lib/jvm:/usr/java:/usr/local/java:/opt:$HOME/.sdkman/candidates/java:$HOME/.jdks:$HOME/.local/share/mise/installs/java
    usual=$usual:$HOME/.asdf/installs/java:/Library/Java/JavaVirtualMachines:$HOME/Library/Java/JavaVirtualMachines
    usual=$usual:/opt/homebrew/opt:/usr/local/opt:/home/linuxbrew/.linuxbrew/opt
    old_ifs=$IFS
    IFS=:
    set -- ${JDK_FOLDERS-$usual}
    IFS=$old_ifs
    for folder; do
        # Homebrew and the macOS installers put the home deeper into the package.
        for home in "$folder"/* "$folder"/*/Contents/Home "$folder"/*/libexec/openjdk.jdk/Contents/Home "$folder"/*/libexec; do
            jdk_look "$home"
            if [ "$rank" -gt "$best_rank" ]; then
                best=$home best_rank=$rank best_version=$version
            fi
        done
    done
    if [ "$best_rank" -ge "$needed" ]; then
        printf '%s\n' "$best"
        return 0
    fi
    found=none
    [ -z "$best" ] || found="only $best_version in $best"
    cat >&2 <<MESSAGE
pg: needs JDK $jdk_minimum or newer, and found $found.
    Install one, for example Temurin 25 from https://adoptium.net (or: apt install temurin-25-jdk, brew install openjdk,
    sdk install java 25-tem), or set JAVA_HOME to where it is.
MESSAGE
    return 1
}
