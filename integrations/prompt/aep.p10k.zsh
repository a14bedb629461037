# For ~/.p10k.zsh: add aep to POWERLEVEL9K_LEFT_PROMPT_ELEMENTS or POWERLEVEL9K_RIGHT_PROMPT_ELEMENTS.
function prompt_aep() {
  local text
  [[ -n ${AEP_PROMPT_OFF-} ]] || (( ! $+commands[aep-prompt] )) || text=$(aep-prompt)
  [[ -z $text ]] || p10k segment -f 3 -t "$text"
}
# The same calls at once in the instant prompt.
function instant_prompt_aep() { prompt_aep }
function aepoff() { export AEP_PROMPT_OFF=1 }
function aepon() { unset AEP_PROMPT_OFF }
