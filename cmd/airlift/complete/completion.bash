
# Instead of the function of the same name above, which needs the bash-completion package: sets cur, prev, words and
# cword for the words up to the cursor, and joins what bash has split at = and : within a word.
__airlift_init_completion()
{
    local rest=${COMP_LINE:0:COMP_POINT} i word blanks
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blanks=${rest%%[![:space:]]*}
        rest=${rest#"$blanks"}
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)); then
            word=$rest
        fi
        if ((i > 0)) && [[ -z $blanks && ( $word == [=:]* || ${words[cword]} == *[=:] ) ]]; then
            words[cword]+=$word
        else
            words+=("$word")
            cword=$((${#words[@]} - 1))
        fi
        rest=${rest#"$word"}
    done
    cur=${words[cword]}
    prev=
    if ((cword > 0)); then
        prev=${words[cword-1]}
    fi
}

# Commas need no backslash: with one a list could not be completed further.
__complete_airlift()
{
    __start_airlift "$@"
    if ((${#COMPREPLY[@]} > 0)); then
        COMPREPLY=("${COMPREPLY[@]//\\,/,}")
    fi
}

if [[ $(type -t compopt) = "builtin" ]]; then
    complete -o default -F __complete_airlift airlift
else
    complete -o default -o nospace -F __complete_airlift airlift
fi
