# The token's state in zsh's prompt. Source it at the end of ~/.zshrc; aepoff hides it, aepon shows it again.
autoload -Uz add-zsh-hook
setopt prompt_subst

_aep_prompt() {
  local before=$?
  AEP_SEGMENT=
  if [[ -z ${AEP_PROMPT_OFF-} ]]; then
    AEP_SEGMENT=$(aep-prompt --shell zsh --color always)
    AEP_SEGMENT=${AEP_SEGMENT:+$AEP_SEGMENT }
  fi
  return $before
}
aepoff() { AEP_PROMPT_OFF=1 }
aepon() { unset AEP_PROMPT_OFF }

add-zsh-hook precmd _aep_prompt
[[ $PROMPT == *AEP_SEGMENT* ]] || PROMPT='${AEP_SEGMENT}'$PROMPT
