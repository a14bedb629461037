# The token's state in bash's prompt. Source it at the end of ~/.bashrc; aepoff hides it, aepon shows it again.
_aep_prompt() {
  local before=$?
  AEP_SEGMENT=
  # `hash` starts no process. A redirection of the command itself would cost a second fork.
  if [[ -z ${AEP_PROMPT_OFF-} ]] && hash aep-prompt 2>/dev/null; then
    AEP_SEGMENT=$(aep-prompt --shell bash --color always)
    AEP_SEGMENT=${AEP_SEGMENT:+$AEP_SEGMENT }
  fi
  # For what comes after it in PROMPT_COMMAND.
  return "$before"
}
aepoff() { export AEP_PROMPT_OFF=1; }
aepon() { unset AEP_PROMPT_OFF; }

case $(declare -p PROMPT_COMMAND 2>/dev/null) in
  *_aep_prompt*) ;;
  'declare -a'*) PROMPT_COMMAND=(_aep_prompt "${PROMPT_COMMAND[@]}") ;;
  *) PROMPT_COMMAND="_aep_prompt${PROMPT_COMMAND:+; $PROMPT_COMMAND}" ;;
esac
# A variable, whose value bash shows and does not expand once more.
case $PS1 in
  *AEP_SEGMENT*) ;;
  *) PS1='${AEP_SEGMENT}'$PS1 ;;
esac
