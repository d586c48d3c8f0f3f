/** The page's own words in the seven languages of the database. Sentences of errors and warnings come from the package. */
import type { Language } from '@photomemory/photo-core';
import { keepValue, keptValue } from './kept.js';

const english = {
  skip: 'To the photos',
  skipList: 'Past the photos',
  account: 'Account',
  language: 'Language of the page',
  photos: 'Photos',
  pick: 'Choose photos',
  dropHint: 'or drop them here.',
  madeHere: 'They are checked and made ready on this device.',
  cancel: 'Cancel',
  clear: 'Remove all',
  orderHint: 'Drag to change the order, or use the arrow buttons (Alt + arrow keys on a photo).',
  orderTouch: 'Change the order with the arrow buttons.',
  project: 'Project',
  textLanguage: 'Texts in',
  title: 'Title',
  description: 'Description',
  style: 'Style',
  duration: 'Length in minutes',
  sending: 'Send',
  send: 'Send',
  stop: 'Stop',
  resume: 'Resume',
  discard: 'Discard what is not sent',
  payloads: 'Rows for the database',
  stored: 'Stored in the project',
  email: 'E-mail',
  password: 'Password',
  signIn: 'Sign in',
  signUp: 'Create account',
  signOut: 'Sign out',
  close: 'Close',
  signedOut: 'Not signed in',
  guest: 'Guest',
  waiting: 'Waiting',
  working: 'Preparing',
  accepted: 'Ready',
  rejected: 'Refused',
  cancelled: 'Cancelled',
  sentPhoto: 'Sent',
  sendingPhoto: 'Being sent',
  keptPhoto: 'Waits to be sent',
  failed: 'Not sent',
  retry: 'Try again',
  remove: 'Remove',
  removed: 'Removed: {name}',
  removedCount: 'Photos removed: {count}',
  undo: 'Undo',
  undoHint: 'Undo, or Ctrl + Z, brings it back.',
  broughtBack: 'Photos brought back: {count}.',
  earlier: 'Move earlier',
  later: 'Move later',
  moved: '{name} is now number {place}',
  kept: 'kept as it was',
  batch: '{done} of {total} photos',
  uploading: '{done} of {total} photos, {bytes} of {all}',
  sent: 'Sent. Photos stored: {count}.',
  partly: 'Photos stored: {count}, refused: {failed}.',
  pending: 'Photos of an earlier visit are being sent: {count}.',
  stopped: 'Stopped.',
  gaveUp: 'Several tries have failed.',
  keptSafe: 'What is not sent is kept on this device: Resume goes on with it.',
  paused: 'Waiting for the network; tries again by itself.',
  discarding: 'Discarding what is not sent …',
  elsewhere: 'Another tab is sending these photos.',
  nothing: 'Choose at least one photo first.',
  noPhotos: 'There are no photos in this folder.',
  noFile: 'That was a link, not a file: save the picture on this device first, then choose it.',
  unreadable: 'This file cannot be read any more: it was moved, changed or deleted. Choose it again.',
  notKept: 'This browser keeps nothing for this page: leave it open until everything is sent.',
  again: 'Load again',
  noAnswer: 'No answer: check the connection and try again.',
  notLoaded: 'A part of this page could not be loaded: check the connection and try again.',
  tooOld: 'This page does not work in this browser: update the browser, or open the page in another one.',
  wrongLogin: 'E-mail or password is not right.',
  emailTaken: 'There is an account with this e-mail already.',
  weakPassword: 'This password is too easy to guess: choose a longer one.',
  confirmEmail: 'A message was sent to this e-mail: open the link in it, then sign in.',
  browserDecoded: 'decoded by the browser',
  languagesFilled: 'filled: {list}',
  theme: 'Appearance',
  themeSystem: 'System',
  themeLight: 'Light',
  themeDark: 'Dark',
  limitsHint: 'Up to {count} photos, each up to {size}.',
  readyCount: '{count} ready',
  refusedCount: '{count} refused',
  sentCount: '{count} sent',
  first: 'Sending begins when all photos are ready.',
  asked: 'Waiting for the server …',
  defaultTitle: 'My photos',
  classic: 'Classic',
  modern: 'Modern',
  cinematic: 'Cinematic',
  vintage: 'Vintage',
  sameFile: 'The same file as {name}',
  lookAlike: 'Looks very much like {name}',
};

export type TextKey = keyof typeof english;
type Texts = Record<TextKey, string>;

const texts: Record<Language, Texts> = {
  en: english,
  de: {
    skipList: 'Hinter die Fotos',
    skip: 'Zu den Fotos', account: 'Konto', language: 'Sprache der Seite', photos: 'Fotos', pick: 'Fotos auswählen',
    dropHint: 'oder hier ablegen.', madeHere: 'Sie werden auf diesem Gerät geprüft und vorbereitet.', cancel: 'Abbrechen', clear: 'Alle entfernen',
    orderHint: 'Reihenfolge durch Ziehen ändern, oder mit den Pfeilknöpfen (Alt + Pfeiltasten auf einem Foto).', orderTouch: 'Reihenfolge mit den Pfeilknöpfen ändern.',
    project: 'Projekt', textLanguage: 'Texte auf', title: 'Titel', description: 'Beschreibung', style: 'Stil', duration: 'Länge in Minuten',
    sending: 'Senden', send: 'Senden', stop: 'Anhalten', resume: 'Fortsetzen', discard: 'Nicht Gesendetes verwerfen',
    payloads: 'Zeilen für die Datenbank', stored: 'Im Projekt gespeichert', email: 'E-Mail', password: 'Passwort', signIn: 'Anmelden',
    signUp: 'Konto anlegen', signOut: 'Abmelden', close: 'Schließen', signedOut: 'Nicht angemeldet', guest: 'Gast', waiting: 'Wartet',
    working: 'Wird vorbereitet', accepted: 'Bereit', rejected: 'Abgelehnt', cancelled: 'Abgebrochen', sentPhoto: 'Gesendet', sendingPhoto: 'Wird gesendet', keptPhoto: 'Wartet auf das Senden', failed: 'Nicht gesendet', retry: 'Noch einmal', remove: 'Entfernen',
    removed: 'Entfernt: {name}', removedCount: 'Entfernte Fotos: {count}', undo: 'Rückgängig', undoHint: '„Rückgängig“ oder Strg + Z holt zurück.', broughtBack: 'Zurückgeholte Fotos: {count}.',
    earlier: 'Nach vorn', later: 'Nach hinten', moved: '{name} ist jetzt Nummer {place}', kept: 'unverändert übernommen',
    batch: '{done} von {total} Fotos', uploading: '{done} von {total} Fotos, {bytes} von {all}', sent: 'Gesendet. Gespeicherte Fotos: {count}.',
    partly: 'Gespeicherte Fotos: {count}, abgelehnt: {failed}.', pending: 'Fotos eines früheren Besuchs werden gesendet: {count}.',
    stopped: 'Angehalten.', gaveUp: 'Mehrere Versuche sind gescheitert.', keptSafe: 'Was nicht gesendet ist, bleibt auf diesem Gerät: Mit „Fortsetzen“ geht es weiter.', paused: 'Wartet auf das Netz und versucht es von selbst wieder.',
    discarding: 'Nicht Gesendetes wird verworfen …', elsewhere: 'Ein anderer Tab sendet diese Fotos.',
    nothing: 'Bitte zuerst mindestens ein Foto auswählen.', browserDecoded: 'vom Browser gelesen', languagesFilled: 'ausgefüllt: {list}',
    theme: 'Darstellung', themeSystem: 'System', themeLight: 'Hell', themeDark: 'Dunkel', limitsHint: 'Bis zu {count} Fotos, jedes bis {size}.',
    readyCount: '{count} bereit', refusedCount: '{count} abgelehnt', sentCount: '{count} gesendet', asked: 'Wartet auf den Server …', first: 'Das Senden beginnt, sobald alle Fotos bereit sind.',
    defaultTitle: 'Meine Fotos', classic: 'Klassisch', modern: 'Modern', cinematic: 'Wie im Kino', vintage: 'Nostalgisch',
    noPhotos: 'In diesem Ordner sind keine Fotos.', again: 'Neu laden',
    unreadable: 'Diese Datei lässt sich nicht mehr lesen: Sie wurde verschoben, geändert oder gelöscht. Bitte noch einmal auswählen.',
    notKept: 'Dieser Browser bewahrt für diese Seite nichts auf: Lassen Sie sie offen, bis alles gesendet ist.',
    notLoaded: 'Ein Teil dieser Seite konnte nicht geladen werden: Verbindung prüfen und erneut versuchen.',
    tooOld: 'Diese Seite funktioniert in diesem Browser nicht: Aktualisieren Sie ihn, oder öffnen Sie die Seite in einem anderen.',
    noAnswer: 'Keine Antwort: Bitte die Verbindung prüfen und noch einmal versuchen.',
    wrongLogin: 'E-Mail oder Passwort stimmt nicht.', emailTaken: 'Zu dieser E-Mail gibt es schon ein Konto.',
    weakPassword: 'Dieses Passwort ist zu leicht zu erraten: Bitte ein längeres wählen.',
    confirmEmail: 'An diese E-Mail ging eine Nachricht: Bitte den Link darin öffnen und dann anmelden.',
    noFile: 'Das war ein Link, keine Datei: Bitte das Bild erst auf diesem Gerät speichern und dann auswählen.',
    sameFile: 'Dieselbe Datei wie {name}', lookAlike: 'Sieht {name} sehr ähnlich',
  },
  fr: {
    skipList: 'Après les photos',
    skip: 'Aller aux photos', account: 'Compte', language: 'Langue de la page', photos: 'Photos', pick: 'Choisir des photos',
    dropHint: 'ou déposez-les ici.', madeHere: 'Elles sont vérifiées et préparées sur cet appareil.', cancel: 'Annuler', clear: 'Tout retirer',
    orderHint: 'Glissez pour changer l’ordre, ou utilisez les boutons fléchés (Alt + flèches sur une photo).', orderTouch: 'Changez l’ordre avec les boutons fléchés.',
    project: 'Projet', textLanguage: 'Textes en', title: 'Titre', description: 'Description', style: 'Style', duration: 'Durée en minutes',
    sending: 'Envoi', send: 'Envoyer', stop: 'Arrêter', resume: 'Reprendre', discard: 'Abandonner ce qui n’est pas envoyé',
    payloads: 'Lignes pour la base de données', stored: 'Enregistré dans le projet', email: 'E-mail', password: 'Mot de passe', signIn: 'Se connecter',
    signUp: 'Créer un compte', signOut: 'Se déconnecter', close: 'Fermer', signedOut: 'Non connecté', guest: 'Invité', waiting: 'En attente',
    working: 'En préparation', accepted: 'Prête', rejected: 'Refusée', cancelled: 'Annulée', sentPhoto: 'Envoyée', sendingPhoto: 'En cours d’envoi', keptPhoto: 'En attente d’envoi', failed: 'Non envoyée', retry: 'Réessayer', remove: 'Retirer',
    removed: 'Retirée : {name}', removedCount: 'Photos retirées : {count}', undo: 'Remettre', undoHint: '« Remettre » ou Ctrl + Z pour revenir en arrière.', broughtBack: 'Photos remises : {count}.',
    earlier: 'Avancer', later: 'Reculer', moved: '{name} est maintenant numéro {place}', kept: 'gardée telle quelle',
    batch: '{done} photos sur {total}', uploading: '{done} photos sur {total}, {bytes} sur {all}', sent: 'Envoyé. Photos enregistrées : {count}.',
    partly: 'Photos enregistrées : {count}, refusées : {failed}.', pending: 'Envoi de photos d’une visite précédente : {count}.',
    stopped: 'Arrêté.', gaveUp: 'Plusieurs essais ont échoué.', keptSafe: 'Ce qui n’est pas envoyé reste sur cet appareil : « Reprendre » pour continuer.', paused: 'En attente du réseau ; nouvel essai automatique.',
    discarding: 'Abandon de ce qui n’est pas envoyé …', elsewhere: 'Un autre onglet envoie ces photos.',
    nothing: 'Choisissez d’abord au moins une photo.', browserDecoded: 'décodée par le navigateur', languagesFilled: 'remplis : {list}',
    theme: 'Apparence', themeSystem: 'Système', themeLight: 'Clair', themeDark: 'Sombre', limitsHint: 'Jusqu’à {count} photos, de {size} au plus chacune.',
    readyCount: 'Prêtes : {count}', refusedCount: 'Refusées : {count}', sentCount: 'Envoyées : {count}', asked: 'En attente du serveur …', first: 'L’envoi commencera quand toutes les photos seront prêtes.',
    defaultTitle: 'Mes photos', classic: 'Classique', modern: 'Moderne', cinematic: 'Cinéma', vintage: 'Rétro',
    noPhotos: 'Ce dossier ne contient pas de photos.', again: 'Recharger',
    unreadable: 'Ce fichier n’est plus lisible : il a été déplacé, modifié ou supprimé. Choisissez-le à nouveau.',
    notKept: 'Ce navigateur ne conserve rien pour cette page : laissez-la ouverte jusqu’à la fin de l’envoi.',
    notLoaded: 'Une partie de cette page n’a pas pu être chargée : vérifiez la connexion et réessayez.',
    tooOld: 'Cette page ne fonctionne pas dans ce navigateur : mettez-le à jour ou ouvrez la page dans un autre.',
    noAnswer: 'Pas de réponse : vérifiez la connexion et réessayez.',
    wrongLogin: 'E-mail ou mot de passe incorrect.', emailTaken: 'Il existe déjà un compte avec cet e-mail.',
    weakPassword: 'Ce mot de passe est trop facile à deviner : choisissez-en un plus long.',
    confirmEmail: 'Un message a été envoyé à cet e-mail : ouvrez le lien qu’il contient, puis connectez-vous.',
    noFile: 'C’était un lien, pas un fichier : enregistrez d’abord l’image sur cet appareil, puis choisissez-la.',
    sameFile: 'Le même fichier que {name}', lookAlike: 'Ressemble beaucoup à {name}',
  },
  es: {
    skipList: 'Después de las fotos',
    skip: 'Ir a las fotos', account: 'Cuenta', language: 'Idioma de la página', photos: 'Fotos', pick: 'Elegir fotos',
    dropHint: 'o suéltelas aquí.', madeHere: 'Se comprueban y preparan en este dispositivo.', cancel: 'Cancelar', clear: 'Quitar todas',
    orderHint: 'Arrastre para cambiar el orden, o use los botones de flecha (Alt + flechas sobre una foto).', orderTouch: 'Cambie el orden con los botones de flecha.',
    project: 'Proyecto', textLanguage: 'Textos en', title: 'Título', description: 'Descripción', style: 'Estilo', duration: 'Duración en minutos',
    sending: 'Envío', send: 'Enviar', stop: 'Detener', resume: 'Reanudar', discard: 'Descartar lo no enviado',
    payloads: 'Filas para la base de datos', stored: 'Guardado en el proyecto', email: 'Correo', password: 'Contraseña', signIn: 'Entrar',
    signUp: 'Crear cuenta', signOut: 'Salir', close: 'Cerrar', signedOut: 'Sin sesión', guest: 'Invitado', waiting: 'En espera',
    working: 'Preparando', accepted: 'Lista', rejected: 'Rechazada', cancelled: 'Cancelada', sentPhoto: 'Enviada', sendingPhoto: 'Enviándose', keptPhoto: 'Pendiente de envío', failed: 'No enviada', retry: 'Reintentar', remove: 'Quitar',
    removed: 'Quitada: {name}', removedCount: 'Fotos quitadas: {count}', undo: 'Deshacer', undoHint: '«Deshacer» o Ctrl + Z para recuperar.', broughtBack: 'Fotos recuperadas: {count}.',
    earlier: 'Mover antes', later: 'Mover después', moved: '{name} es ahora el número {place}', kept: 'conservada tal cual',
    batch: '{done} de {total} fotos', uploading: '{done} de {total} fotos, {bytes} de {all}', sent: 'Enviado. Fotos guardadas: {count}.',
    partly: 'Fotos guardadas: {count}, rechazadas: {failed}.', pending: 'Se están enviando fotos de una visita anterior: {count}.',
    stopped: 'Detenido.', gaveUp: 'Varios intentos han fallado.', keptSafe: 'Lo no enviado queda en este dispositivo: «Reanudar» para continuar.', paused: 'Esperando la red; se reintenta solo.',
    discarding: 'Descartando lo no enviado …', elsewhere: 'Otra pestaña está enviando estas fotos.',
    nothing: 'Elija primero al menos una foto.', browserDecoded: 'leída por el navegador', languagesFilled: 'rellenos: {list}',
    theme: 'Apariencia', themeSystem: 'Sistema', themeLight: 'Claro', themeDark: 'Oscuro', limitsHint: 'Hasta {count} fotos, de {size} como máximo cada una.',
    readyCount: 'Listas: {count}', refusedCount: 'Rechazadas: {count}', sentCount: 'Enviadas: {count}', asked: 'Esperando al servidor …', first: 'El envío empezará cuando todas las fotos estén listas.',
    defaultTitle: 'Mis fotos', classic: 'Clásico', modern: 'Moderno', cinematic: 'Cinematográfico', vintage: 'Retro',
    noPhotos: 'No hay fotos en esta carpeta.', again: 'Volver a cargar',
    unreadable: 'Este archivo ya no se puede leer: se ha movido, cambiado o borrado. Elíjalo de nuevo.',
    notKept: 'Este navegador no guarda nada de esta página: déjela abierta hasta que todo esté enviado.',
    notLoaded: 'No se pudo cargar una parte de esta página: compruebe la conexión y vuelva a intentarlo.',
    tooOld: 'Esta página no funciona en este navegador: actualícelo o abra la página en otro.',
    noAnswer: 'Sin respuesta: compruebe la conexión y vuelva a intentarlo.',
    wrongLogin: 'El correo o la contraseña no es correcto.', emailTaken: 'Ya hay una cuenta con este correo.',
    weakPassword: 'Esta contraseña es demasiado fácil de adivinar: elija una más larga.',
    confirmEmail: 'Se ha enviado un mensaje a este correo: abra el enlace que contiene y luego inicie sesión.',
    noFile: 'Era un enlace, no un archivo: guarde primero la imagen en este dispositivo y luego elíjala.',
    sameFile: 'El mismo archivo que {name}', lookAlike: 'Se parece mucho a {name}',
  },
  ko: {
    skipList: '사진 다음으로',
    skip: '사진으로 이동', account: '계정', language: '페이지 언어', photos: '사진', pick: '사진 선택',
    dropHint: '또는 여기에 끌어다 놓으세요.', madeHere: '이 기기에서 검사하고 준비합니다.', cancel: '취소', clear: '모두 제거',
    orderHint: '끌어서 순서를 바꾸거나 화살표 버튼을 사용하세요 (사진에서 Alt + 화살표 키).', orderTouch: '화살표 버튼으로 순서를 바꾸세요.',
    project: '프로젝트', textLanguage: '텍스트 언어', title: '제목', description: '설명', style: '스타일', duration: '길이(분)',
    sending: '보내기', send: '보내기', stop: '중지', resume: '계속', discard: '보내지 않은 것 버리기',
    payloads: '데이터베이스 행', stored: '프로젝트에 저장됨', email: '이메일', password: '비밀번호', signIn: '로그인',
    signUp: '계정 만들기', signOut: '로그아웃', close: '닫기', signedOut: '로그인하지 않음', guest: '손님', waiting: '대기 중',
    working: '준비 중', accepted: '준비됨', rejected: '거부됨', cancelled: '취소됨', sentPhoto: '전송됨', sendingPhoto: '전송 중', keptPhoto: '전송 대기', failed: '전송 실패', retry: '다시 시도', remove: '제거',
    removed: '제거함: {name}', removedCount: '사진 {count}장을 제거했습니다', undo: '실행 취소', undoHint: '실행 취소 버튼이나 Ctrl + Z로 되돌립니다.', broughtBack: '사진 {count}장을 되돌렸습니다.',
    earlier: '앞으로', later: '뒤로', moved: '{name}: 이제 {place}번', kept: '원본 그대로 유지',
    batch: '사진 {total}장 중 {done}장', uploading: '사진 {total}장 중 {done}장, {all} 중 {bytes}', sent: '전송 완료: 사진 {count}장이 저장되었습니다.',
    partly: '사진 {count}장이 저장되고 {failed}장이 거부되었습니다.', pending: '이전 방문의 사진 {count}장을 보내는 중입니다.',
    stopped: '중지했습니다.', gaveUp: '여러 번 시도했지만 실패했습니다.', keptSafe: '보내지 않은 것은 이 기기에 보관되며 ‘계속’을 누르면 이어서 보냅니다.', paused: '네트워크를 기다리는 중이며 자동으로 다시 시도합니다.',
    discarding: '보내지 않은 것을 버리는 중 …', elsewhere: '다른 탭에서 이 사진들을 보내는 중입니다.',
    nothing: '먼저 사진을 한 장 이상 선택하세요.', browserDecoded: '브라우저가 디코딩함', languagesFilled: '입력됨: {list}',
    theme: '화면 모드', themeSystem: '시스템', themeLight: '밝게', themeDark: '어둡게', limitsHint: '사진은 최대 {count}장, 한 장에 {size}까지입니다.',
    readyCount: '{count}장 준비됨', refusedCount: '{count}장 거부됨', sentCount: '{count}장 전송됨', asked: '서버를 기다리는 중 …', first: '모든 사진이 준비되면 보내기를 시작합니다.',
    defaultTitle: '내 사진', classic: '클래식', modern: '모던', cinematic: '시네마틱', vintage: '빈티지',
    noPhotos: '이 폴더에는 사진이 없습니다.', again: '다시 불러오기',
    unreadable: '이 파일을 더 이상 읽을 수 없습니다. 이동, 변경 또는 삭제되었습니다. 다시 선택하세요.',
    notKept: '이 브라우저는 이 페이지의 내용을 보관하지 않습니다. 모두 전송될 때까지 열어 두세요.',
    notLoaded: '페이지의 일부를 불러올 수 없습니다. 연결을 확인하고 다시 시도하세요.',
    tooOld: '이 브라우저에서는 이 페이지를 사용할 수 없습니다. 브라우저를 업데이트하거나 다른 브라우저에서 여세요.',
    noAnswer: '응답이 없습니다. 연결을 확인하고 다시 시도하세요.',
    wrongLogin: '이메일 또는 비밀번호가 올바르지 않습니다.', emailTaken: '이 이메일의 계정이 이미 있습니다.',
    weakPassword: '비밀번호가 추측하기 쉽습니다. 더 긴 비밀번호를 사용하세요.',
    confirmEmail: '이 이메일로 메일을 보냈습니다. 메일의 링크를 연 다음 로그인하세요.',
    noFile: '파일이 아니라 링크입니다. 먼저 사진을 이 기기에 저장한 다음 선택하세요.',
    sameFile: '{name} 파일과 같음', lookAlike: '{name} 사진과 매우 비슷함',
  },
  ja: {
    skipList: '写真の次へ',
    skip: '写真へ移動', account: 'アカウント', language: 'ページの言語', photos: '写真', pick: '写真を選ぶ',
    dropHint: 'またはここにドロップ。', madeHere: 'この端末で確認と準備をします。', cancel: 'キャンセル', clear: 'すべて外す',
    orderHint: 'ドラッグ、または矢印ボタンで順序を変更（写真の上で Alt + 矢印キー）。', orderTouch: '矢印ボタンで順序を変更できます。',
    project: 'プロジェクト', textLanguage: 'テキストの言語', title: 'タイトル', description: '説明', style: 'スタイル', duration: '長さ（分）',
    sending: '送信', send: '送信', stop: '停止', resume: '再開', discard: '未送信を破棄',
    payloads: 'データベースの行', stored: 'プロジェクトに保存済み', email: 'メール', password: 'パスワード', signIn: 'サインイン',
    signUp: 'アカウント作成', signOut: 'サインアウト', close: '閉じる', signedOut: '未サインイン', guest: 'ゲスト', waiting: '待機中',
    working: '準備中', accepted: '準備完了', rejected: '受付不可', cancelled: 'キャンセル済み', sentPhoto: '送信済み', sendingPhoto: '送信中', keptPhoto: '送信待ち', failed: '送信失敗', retry: '再試行', remove: '外す',
    removed: '外しました：{name}', removedCount: '写真 {count} 枚を外しました', undo: '元に戻す', undoHint: '「元に戻す」または Ctrl + Z で戻せます。', broughtBack: '写真 {count} 枚を戻しました。',
    earlier: '前へ', later: '後ろへ', moved: '{name} は {place} 番目です', kept: 'そのまま使用',
    batch: '{total} 枚中 {done} 枚', uploading: '{total} 枚中 {done} 枚、{all} 中 {bytes}', sent: '送信完了：{count} 枚を保存しました。',
    partly: '{count} 枚を保存、{failed} 枚は受付不可。', pending: '前回の写真 {count} 枚を送信中です。',
    stopped: '停止しました。', gaveUp: '何度か試しましたが、うまくいきませんでした。', keptSafe: '未送信のものはこの端末に保管されます。「再開」で続きを送れます。', paused: 'ネットワーク待ち。自動で再試行します。',
    discarding: '未送信のものを破棄しています …', elsewhere: '別のタブがこれらの写真を送信中です。',
    nothing: 'まず写真を 1 枚以上選んでください。', browserDecoded: 'ブラウザーがデコード', languagesFilled: '入力済み：{list}',
    theme: '外観', themeSystem: 'システム', themeLight: 'ライト', themeDark: 'ダーク', limitsHint: '写真は {count} 枚まで、1 枚 {size} までです。',
    readyCount: '準備完了 {count} 枚', refusedCount: '受付不可 {count} 枚', sentCount: '送信済み {count} 枚', asked: 'サーバーの応答を待っています …', first: 'すべての写真の準備ができると送信を始めます。',
    defaultTitle: 'わたしの写真', classic: 'クラシック', modern: 'モダン', cinematic: 'シネマ風', vintage: 'ビンテージ',
    noPhotos: 'このフォルダーに写真はありません。', again: '再読み込み',
    unreadable: 'このファイルは読み取れなくなりました。移動、変更、または削除されています。もう一度選んでください。',
    notKept: 'このブラウザーはこのページの内容を保管しません。送信が終わるまで開いたままにしてください。',
    notLoaded: 'ページの一部を読み込めませんでした。接続を確認して、もう一度お試しください。',
    tooOld: 'このブラウザーではこのページを使えません。ブラウザーを更新するか、別のブラウザーで開いてください。',
    noAnswer: '応答がありません。接続を確認して、もう一度お試しください。',
    wrongLogin: 'メールまたはパスワードが正しくありません。', emailTaken: 'このメールのアカウントは既にあります。',
    weakPassword: 'このパスワードは推測されやすいため、より長いものにしてください。',
    confirmEmail: 'このメールアドレスに確認メールを送りました。メール内のリンクを開いてから、ログインしてください。',
    noFile: 'ファイルではなくリンクです。先に写真をこの端末に保存してから選んでください。',
    sameFile: '{name} と同じファイルです', lookAlike: '{name} とよく似ています',
  },
  zh: {
    skipList: '跳过照片',
    skip: '跳到照片', account: '账户', language: '页面语言', photos: '照片', pick: '选择照片',
    dropHint: '或拖放到这里。', madeHere: '照片在此设备上检查和处理。', cancel: '取消', clear: '全部移除',
    orderHint: '拖动可调整顺序，也可用箭头按钮（在照片上按 Alt + 方向键）。', orderTouch: '用箭头按钮调整顺序。',
    project: '项目', textLanguage: '文字语言', title: '标题', description: '描述', style: '风格', duration: '时长（分钟）',
    sending: '发送', send: '发送', stop: '停止', resume: '继续', discard: '丢弃未发送的内容',
    payloads: '数据库行', stored: '已存入项目', email: '电子邮件', password: '密码', signIn: '登录',
    signUp: '创建账户', signOut: '退出', close: '关闭', signedOut: '未登录', guest: '访客', waiting: '等待中',
    working: '处理中', accepted: '就绪', rejected: '被拒绝', cancelled: '已取消', sentPhoto: '已发送', sendingPhoto: '发送中', keptPhoto: '等待发送', failed: '发送失败', retry: '重试', remove: '移除',
    removed: '已移除：{name}', removedCount: '已移除 {count} 张照片', undo: '撤销', undoHint: '用“撤销”或 Ctrl + Z 可恢复。', broughtBack: '已恢复 {count} 张照片。',
    earlier: '前移', later: '后移', moved: '{name} 现在是第 {place} 张', kept: '保持原样',
    batch: '{done} / {total} 张照片', uploading: '{done} / {total} 张照片，{bytes} / {all}', sent: '已发送：{count} 张照片已保存。',
    partly: '{count} 张照片已保存，{failed} 张被拒绝。', pending: '正在发送上次的 {count} 张照片。',
    stopped: '已停止。', gaveUp: '多次尝试均未成功。', keptSafe: '未发送的内容保存在此设备上：按“继续”即可接着发送。', paused: '正在等待网络，会自动重试。',
    discarding: '正在丢弃未发送的内容 …', elsewhere: '另一个标签页正在发送这些照片。',
    nothing: '请先至少选择一张照片。', browserDecoded: '由浏览器解码', languagesFilled: '已填写：{list}',
    theme: '外观', themeSystem: '系统', themeLight: '浅色', themeDark: '深色', limitsHint: '最多 {count} 张照片，每张不超过 {size}。',
    readyCount: '{count} 张就绪', refusedCount: '{count} 张被拒绝', sentCount: '{count} 张已发送', asked: '正在等待服务器 …', first: '所有照片就绪后开始发送。',
    defaultTitle: '我的照片', classic: '经典', modern: '现代', cinematic: '电影感', vintage: '复古',
    noPhotos: '此文件夹中没有照片。', again: '重新加载',
    unreadable: '此文件已无法读取：它被移动、更改或删除了。请重新选择。',
    notKept: '此浏览器不为此页面保存任何内容：请保持页面打开，直到全部发送完成。',
    notLoaded: '页面的一部分无法加载：请检查网络连接后重试。',
    tooOld: '此页面无法在此浏览器中使用：请更新浏览器，或用其他浏览器打开。',
    noAnswer: '没有响应：请检查网络连接后重试。',
    wrongLogin: '电子邮件或密码不正确。', emailTaken: '此电子邮件已有账户。',
    weakPassword: '此密码太容易被猜到：请换一个更长的密码。',
    confirmEmail: '已向此电子邮件发送邮件：请打开其中的链接，然后登录。',
    noFile: '这是链接，不是文件：请先将图片保存到此设备，再选择它。',
    sameFile: '与 {name} 是同一文件', lookAlike: '与 {name} 非常相似',
  },
};

export const languageNames: Record<Language, string> = {
  en: 'English', ko: '한국어', ja: '日本語', zh: '中文', es: 'Español', fr: 'Français', de: 'Deutsch',
};

const chosen = 'photo-core-language';
let current: Language = initial();

function initial(): Language {
  const known = Object.keys(texts) as Language[];
  const wished = [keptValue(chosen), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  return wished.map((tag) => known.find((language) => language === tag)).find((language) => language) ?? 'en';
}

export function language(): Language {
  return current;
}

/** Changes the language of the page and everything marked with `data-text`. */
export function setLanguage(next: Language): void {
  current = next;
  keepValue(chosen, next);
  applyTexts();
}

export function text(key: TextKey, values: Record<string, string | number> = {}): string {
  return texts[current][key].replace(/\{(\w+)\}/g, (_, name: string) => isolated(String(values[name] ?? '')));
}

/** Words of another direction turn only themselves: with Unicode's isolates around them, which nobody sees. */
export function isolated(words: string): string {
  return /[\u0590-\u08ff\u202a-\u202e\u2066-\u2069\ufb1d-\ufefc]/.test(words) ? `\u2068${words}\u2069` : words;
}

export function applyTexts(root: ParentNode = document): void {
  document.documentElement.lang = current;
  for (const element of root.querySelectorAll<HTMLElement>('[data-text]')) {
    element.textContent = text(element.dataset['text'] as TextKey);
  }
}

/** To make one takes a slow phone longer than to draw a card. */
const formats = new Map<string, Intl.NumberFormat>();

export function bytesText(bytes: number): string {
  const unit = bytes >= 1024 ** 2 ? 'megabyte' : 'kilobyte'; // as the package's sentences count
  const value = bytes / (unit === 'megabyte' ? 1024 ** 2 : 1024);
  const maximumFractionDigits = value < 10 ? 1 : 0;
  const kind = `${current} ${unit} ${maximumFractionDigits}`;
  const format = formats.get(kind) ?? new Intl.NumberFormat(current, { style: 'unit', unit, maximumFractionDigits });
  formats.set(kind, format);
  return format.format(value);
}
