umask 077
aep-auth env --shell dotenv > .env
