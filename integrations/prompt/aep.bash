# The token's state in bash's prompt. Source it at the end of ~/.bashrc; aepoff hides it, aepon shows it again.
_aep_prompt_hook() {
  local before=$?
  AEP_SEGMENT=
  # `hash` starts no process. A redirection of the command itself would cost a second fork.
  if [[ -z ${AEP_PROMPT_OFF-} ]] && hash aep-prompt 2>/dev/null; then
    AEP_SEGMENT=$(aep-prompt --shell bash --color always)
    AEP_SEGMENT=${AEP_SEGMENT:+$AEP_SEGMENT }
  fi
  [[ -n ${_aep_is_inline-} ]] || _aep_place
  # For what comes after it in PROMPT_COMMAND.
  return "$before"
}
# A variable, whose value bash shows and does not expand once more. Again at each prompt, since others set PS1 there; and
# from the end of the list, past those that were added later.
_aep_place() {
  case ${PS1-} in
    *AEP_SEGMENT*) ;;
    *) PS1='${AEP_SEGMENT-}'${PS1-} ;;
  esac
  [[ $_aep_is_list && ${PROMPT_COMMAND[${#PROMPT_COMMAND[@]}-1]} != _aep_prompt_hook ]] || return 0
  local entry others=()
  for entry in "${PROMPT_COMMAND[@]}"; do
    [[ $entry == _aep_prompt_hook ]] || others+=("$entry")
  done
  PROMPT_COMMAND=("${others[@]}" _aep_prompt_hook)
}
_aep_inline() {
  local before=$? _aep_is_inline=1
  _aep_prompt_hook
  printf %s "$AEP_SEGMENT"
  return "$before"
}
aepoff() { export AEP_PROMPT_OFF=1; }
aepon() { unset AEP_PROMPT_OFF; }

_aep_is_list=
case $(declare -p PROMPT_COMMAND 2>/dev/null) in
  *_aep_prompt_hook*) ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)) || _aep_is_list=1 ;;
  # One that nobody may change is left as it is.
  'declare -'*r*' PROMPT_COMMAND'*) [[ ${PS1-} == *_aep_inline* ]] || PS1='$(_aep_inline)'${PS1-} ;;
  *)
    if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
      # The first entry stays the user's, for what is later done with it as if it were the only one.
      _aep_is_list=1
      PROMPT_COMMAND=("${PROMPT_COMMAND[@]-}" _aep_prompt_hook)
    else
      PROMPT_COMMAND="_aep_prompt_hook${PROMPT_COMMAND:+; $PROMPT_COMMAND}"
      # A child without this file would not find the command.
      export -n PROMPT_COMMAND
      _aep_place
    fi
    ;;
esac
