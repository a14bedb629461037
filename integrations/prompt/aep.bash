# The token's state in bash's prompt. Source it at the end of ~/.bashrc; aepoff hides it, aepon shows it again.
_aep_prompt() {
  local before=$?
  AEP_SEGMENT=
  if [ -z "${AEP_PROMPT_OFF-}" ]; then
    AEP_SEGMENT=$(aep-prompt --shell bash --color always)
    AEP_SEGMENT=${AEP_SEGMENT:+$AEP_SEGMENT }
  fi
  return $before
}
aepoff() { AEP_PROMPT_OFF=1; }
aepon() { unset AEP_PROMPT_OFF; }

case $(declare -p PROMPT_COMMAND 2>/dev/null) in
  *_aep_prompt*) ;;
  'declare -a'*) PROMPT_COMMAND=(_aep_prompt "${PROMPT_COMMAND[@]}") ;;
  *) PROMPT_COMMAND="_aep_prompt${PROMPT_COMMAND:+; $PROMPT_COMMAND}" ;;
esac
case $PS1 in
  *AEP_SEGMENT*) ;;
  *) PS1='${AEP_SEGMENT}'$PS1 ;;
esac
